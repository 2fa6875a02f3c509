import type { Template, TemplateSettings } from "@netconductor/contracts/config/templates";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useApi } from "../../api/context.tsx";
import { useUnsaved } from "../../ui/form/use-unsaved.ts";
import { toastDone } from "../../ui/toast.tsx";

export interface Draft {
	source: string;
	settings: TemplateSettings;
	note: string;
	/** Version that it began from. */
	version: number;
}

/** What is being written, kept while other parts of the page are looked at, and what was saved by others meanwhile. */
export function useDraft(template: Template) {
	const api = useApi();
	const queries = useQueryClient();
	const [draft, setDraft] = useState(() => draftOf(template));
	const [base, setBase] = useState(template);
	const dirty = draft.source !== base.source || !sameSettings(draft.settings, base.settings);
	const noteSaved = useUnsaved(dirty);
	// Whoever has written nothing of their own sees what others save.
	if (template.version !== base.version && !dirty) {
		setBase(template);
		setDraft({ ...draftOf(template), note: draft.note });
	}
	const save = useMutation({
		mutationFn: ({ note, ...body }: Draft) =>
			api.config.updateTemplate({ params: { id: template.id }, body: { ...body, note: note.trim() } }),
		onSuccess: (saved) => {
			noteSaved();
			setBase(saved);
			setDraft((now) => ({ ...now, version: saved.version, note: "" }));
			queries.setQueryData(["templates", "one", template.id], saved);
			void queries.invalidateQueries({ queryKey: ["templates"] });
			toastDone(`${visibleLine(saved.name)} is saved as version ${saved.version}`);
		},
	});

	function begin(from: Template) {
		setBase(from);
		setDraft(draftOf(from));
		save.reset();
	}

	return {
		draft,
		dirty,
		change: (part: Partial<Draft>) => {
			setDraft((before) => ({ ...before, ...part }));
			if (save.isError) save.reset();
		},
		save: () => {
			if (dirty && !save.isPending) save.mutate(draft);
		},
		/** Saves what was written over what another saved meanwhile. */
		saveOver: () => save.mutate({ ...draft, version: template.version }),
		/** Lets go of what was written. */
		discard: () => begin(template),
		saving: save.isPending,
		error: save.error,
		/** Another version was saved since this one was begun. */
		outdated: dirty && template.version > draft.version,
	};
}

export type DraftHandle = ReturnType<typeof useDraft>;

function draftOf({ source, settings, version }: Template): Draft {
	return { source, settings, note: "", version };
}

function sameSettings(a: TemplateSettings, b: TemplateSettings): boolean {
	return (
		a.trim_blocks === b.trim_blocks &&
		a.lstrip_blocks === b.lstrip_blocks &&
		a.keep_trailing_newline === b.keep_trailing_newline
	);
}
