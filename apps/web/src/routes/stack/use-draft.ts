import type { Stack } from "@netconductor/contracts/config/stacks";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useApi } from "../../api/context.tsx";
import { useUnsaved } from "../../ui/form/use-unsaved.ts";
import { problemOf } from "../../ui/problem.tsx";
import { toastDone } from "../../ui/toast.tsx";
import { bodyOf, draftOf, type Faults, type StackDraft, sameDraft } from "./draft.ts";

/** What is being filled in, kept while other parts of the page are looked at, and what others saved meanwhile. */
export function useStackDraft(stack: Stack) {
	const api = useApi();
	const queries = useQueryClient();
	return useDefinitionDraft<Stack, StackDraft, ReturnType<typeof bodyOf>["body"]>({
		saved: stack,
		draftOf,
		bodyOf,
		send: (body, version) => api.config.updateStack({ params: { id: stack.id }, body: { ...body, version } }),
		onSaved: (saved) => queries.setQueryData(["stacks", "one", saved.id], saved),
	});
}

export type StackDraftHandle = ReturnType<typeof useStackDraft>;

/** The same for anything with a definition, a name and versions. */
export function useDefinitionDraft<
	Saved extends { name: string; version: number },
	Draft extends { version: number },
	Body,
>({
	saved,
	draftOf: draftFrom,
	bodyOf: bodyFrom,
	send: sendBody,
	onSaved,
}: {
	saved: Saved;
	draftOf: (saved: Saved) => Draft;
	bodyOf: (draft: Draft) => { body: Body; faults: Faults };
	send: (body: Body, version: number) => Promise<Saved>;
	onSaved: (saved: Saved) => void;
}) {
	const queries = useQueryClient();
	const [draft, setDraft] = useState(() => draftFrom(saved));
	const [base, setBase] = useState(saved);
	/** Faults are shown once somebody tried to save. */
	const [tried, setTried] = useState(false);
	const dirty = useMemo(() => !sameDraft(draft, draftFrom(base)), [draft, base, draftFrom]);
	const noteSaved = useUnsaved(dirty);
	// Whoever has changed nothing of their own sees what others save.
	if (saved.version !== base.version && !dirty) {
		setBase(saved);
		setDraft(draftFrom(saved));
	}
	const save = useMutation({
		mutationFn: (wanted: Draft) => sendBody(bodyFrom(wanted).body, wanted.version),
		onSuccess: (now) => {
			noteSaved();
			begin(now);
			onSaved(now);
			void queries.invalidateQueries({ queryKey: ["stacks"] });
			toastDone(`${visibleLine(now.name)} is saved`);
		},
	});
	const checked = useMemo(() => (tried ? bodyFrom(draft).faults : {}), [tried, draft, bodyFrom]);
	const faults = useMemo(() => ({ ...faultsOf(save.error), ...checked }), [save.error, checked]);

	function begin(from: Saved) {
		setBase(from);
		setDraft(draftFrom(from));
		setTried(false);
	}

	function send(wanted: Draft) {
		if (save.isPending) return;
		setTried(true);
		if (Object.keys(bodyFrom(wanted).faults).length === 0) save.mutate(wanted);
	}

	return {
		draft,
		dirty,
		faults,
		change: (part: Partial<Draft>) => {
			setDraft((before) => ({ ...before, ...part }));
			if (save.isError) save.reset();
		},
		save: () => send(draft),
		/** Saves what was filled in over what another saved meanwhile. */
		saveOver: () => send({ ...draft, version: saved.version }),
		/** Lets go of what was filled in. */
		discard: () => {
			save.reset();
			begin(saved);
		},
		saving: save.isPending,
		error: save.error,
		/** Another version was saved since this one was begun. */
		outdated: dirty && saved.version > draft.version,
	};
}

/** What the server said of places in the definition. */
function faultsOf(error: unknown): Faults {
	if (error === null) return {};
	const { code, detail, errors = [] } = problemOf(error);
	return {
		...Object.fromEntries(errors.map(({ path, message }) => [path.replace(/^body\./, ""), message])),
		...((code === "stacks.name_taken" || code === "stack_templates.name_taken") && { name: detail }),
	};
}
