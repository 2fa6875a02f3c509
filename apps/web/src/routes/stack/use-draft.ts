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
	const [draft, setDraft] = useState(() => draftOf(stack));
	const [base, setBase] = useState(stack);
	/** Faults are shown once somebody tried to save. */
	const [tried, setTried] = useState(false);
	const dirty = useMemo(() => !sameDraft(draft, draftOf(base)), [draft, base]);
	const noteSaved = useUnsaved(dirty);
	// Whoever has changed nothing of their own sees what others save.
	if (stack.version !== base.version && !dirty) {
		setBase(stack);
		setDraft(draftOf(stack));
	}
	const save = useMutation({
		mutationFn: ({ version, ...given }: StackDraft) =>
			api.config.updateStack({
				params: { id: stack.id },
				body: { ...bodyOf({ version, ...given }).body, version },
			}),
		onSuccess: (saved) => {
			noteSaved();
			begin(saved);
			queries.setQueryData(["stacks", "one", saved.id], saved);
			void queries.invalidateQueries({ queryKey: ["stacks"] });
			toastDone(`${visibleLine(saved.name)} is saved`);
		},
	});
	const checked = useMemo(() => (tried ? bodyOf(draft).faults : {}), [tried, draft]);
	const faults = useMemo(() => ({ ...faultsOf(save.error), ...checked }), [save.error, checked]);

	function begin(from: Stack) {
		setBase(from);
		setDraft(draftOf(from));
		setTried(false);
	}

	function send(wanted: StackDraft) {
		if (save.isPending) return;
		setTried(true);
		if (Object.keys(bodyOf(wanted).faults).length === 0) save.mutate(wanted);
	}

	return {
		draft,
		dirty,
		faults,
		change: (part: Partial<StackDraft>) => {
			setDraft((before) => ({ ...before, ...part }));
			if (save.isError) save.reset();
		},
		save: () => send(draft),
		/** Saves what was filled in over what another saved meanwhile. */
		saveOver: () => send({ ...draft, version: stack.version }),
		/** Lets go of what was filled in. */
		discard: () => {
			save.reset();
			begin(stack);
		},
		saving: save.isPending,
		error: save.error,
		/** Another version was saved since this one was begun. */
		outdated: dirty && stack.version > draft.version,
	};
}

export type StackDraftHandle = ReturnType<typeof useStackDraft>;

/** What the server said of places in the definition. */
function faultsOf(error: unknown): Faults {
	if (error === null) return {};
	const { code, detail, errors = [] } = problemOf(error);
	return {
		...Object.fromEntries(errors.map(({ path, message }) => [path.replace(/^body\./, ""), message])),
		...(code === "stacks.name_taken" && { name: detail }),
	};
}
