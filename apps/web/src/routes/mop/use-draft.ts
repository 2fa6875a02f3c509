import type { Mop } from "@netconductor/contracts/config/mops";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useApi } from "../../api/context.tsx";
import { useUnsaved } from "../../ui/form/use-unsaved.ts";
import { toastDone } from "../../ui/toast.tsx";
import { useTextHistory } from "./use-text-history.ts";

/**
 * The text of a procedure as it is written, kept while other parts of the page are looked at, and what was saved by others meanwhile.
 * @param mop undefined of one that is not stored yet
 * @param began the text that a new one begins with
 */
export function useMopDraft(mop: Mop | undefined, began: string, onCreated: (mop: Mop) => void = () => {}) {
	const api = useApi();
	const queries = useQueryClient();
	const [base, setBase] = useState({ source: mop?.source ?? began, version: mop?.version ?? 0 });
	const history = useTextHistory(base.source);
	const [note, setNote] = useState("");
	const source = history.text;
	const dirty = mop === undefined ? source !== began : source !== base.source;
	const noteSaved = useUnsaved(dirty);
	// Whoever has written nothing of their own sees what others save.
	if (mop !== undefined && mop.version !== base.version && !dirty) {
		setBase(mop);
		history.begin(mop.source);
	}
	const save = useMutation({
		mutationFn: (body: { source: string; version: number; note: string }) =>
			mop === undefined
				? api.config.createMop({ body: { source: body.source, note: body.note } })
				: api.config.updateMop({ params: { id: mop.id }, body }),
		onSuccess: (saved, sent) => {
			noteSaved();
			setBase({ source: sent.source, version: saved.version });
			setNote("");
			queries.setQueryData(["mops", "one", saved.id], saved);
			void queries.invalidateQueries({ queryKey: ["mops"] });
			toastDone(
				mop === undefined
					? `The procedure ${visibleLine(saved.name)} is added`
					: `${visibleLine(saved.name)} is saved as version ${saved.version}`,
			);
			if (mop === undefined) onCreated(saved);
		},
	});
	const send = (version: number) => {
		if (!save.isPending) save.mutate({ source, version, note: note.trim() });
	};
	return {
		source,
		/** Stored, as far as this page knows. */
		stored: mop,
		version: base.version,
		dirty,
		change: (text: string, what?: string) => {
			history.change(text, what);
			if (save.isError) save.reset();
		},
		undo: history.undo,
		redo: history.redo,
		canUndo: history.canUndo,
		canRedo: history.canRedo,
		note,
		setNote,
		save: () => {
			if (dirty || mop === undefined) send(base.version);
		},
		/** Saves what was written over what another saved meanwhile. */
		saveOver: () => send(mop?.version ?? base.version),
		/** Lets go of what was written. */
		discard: () => {
			setBase({ source: mop?.source ?? began, version: mop?.version ?? 0 });
			history.begin(mop?.source ?? began);
			save.reset();
		},
		saving: save.isPending,
		error: save.error,
		/** Another version was saved since this one was begun. */
		outdated: dirty && mop !== undefined && mop.version > base.version,
	};
}

export type MopDraft = ReturnType<typeof useMopDraft>;
