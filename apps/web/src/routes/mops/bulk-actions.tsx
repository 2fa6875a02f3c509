import { Button, Modal, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useApi } from "../../api/context.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Icon } from "../../ui/icon.tsx";
import { problemOf } from "../../ui/problem.tsx";
import type { Selection } from "../../ui/table/selection.ts";
import { toastDone, toastProblem } from "../../ui/toast.tsx";
import { count } from "../../ui/words.ts";

type Action = "enable" | "disable" | "delete";

const done: Record<Action, string> = { enable: "enabled", disable: "not enabled any more", delete: "deleted" };
const mostNames = 8;

/** What can be done with several procedures: one after the other, and what stands in the way of one keeps none of the others. */
export function BulkActions({ selection, names }: { selection: Selection; names: ReadonlyMap<string, string> }) {
	const api = useApi();
	const queries = useQueryClient();
	const [asking, ask] = useDisclosure();
	const [kept, setKept] = useState<{ name: string; why: string }[]>([]);
	const ids = [...selection.ids];
	const act = useMutation({
		mutationFn: async (action: Action) => {
			const failures: { id: string; error: unknown }[] = [];
			for (const id of ids) {
				const params = { id };
				try {
					if (action === "delete") await api.config.deleteMop({ params });
					else await api.config.toggleMop({ params, body: { enabled: action === "enable" } });
				} catch (error) {
					failures.push({ id, error });
				}
			}
			return failures;
		},
		onSuccess: (failures, action) => {
			void queries.invalidateQueries({ queryKey: ["mops"] });
			if (failures.length < ids.length)
				toastDone(`${count(ids.length - failures.length, "procedure")} ${done[action]}`);
			if (failures.length === 1) toastProblem(failures[0]?.error);
			else if (failures.length > 1)
				setKept(failures.map(({ id, error }) => ({ name: names.get(id) ?? id, why: problemOf(error).detail })));
			selection.clear();
		},
		onSettled: ask.close,
	});
	const known = ids.flatMap((id) => names.get(id) ?? []).toSorted();
	const more = ids.length - Math.min(known.length, mostNames);
	const none = ids.length === 0;
	return (
		<>
			<Button variant="default" disabled={none} loading={act.isPending} onClick={() => act.mutate("enable")}>
				Enable
			</Button>
			<Button variant="default" disabled={none} loading={act.isPending} onClick={() => act.mutate("disable")}>
				Disable
			</Button>
			<Button variant="default" disabled={none} leftSection={<Icon name="trash" size={14} />} onClick={ask.open}>
				Delete
			</Button>
			<Confirm
				opened={asking}
				title={`Delete ${count(ids.length, "procedure")}?`}
				action={`Delete ${count(ids.length, "procedure")}`}
				busy={act.isPending}
				onConfirm={() => act.mutate("delete")}
				onClose={ask.close}
			>
				<div className="nc-break">
					{known.slice(0, mostNames).map(visibleLine).join(", ")}
					{more > 0 && ` and ${count(more, "more procedure")}`}.
				</div>
				<Text size="sm" mt="xs">
					They go with all their versions; their runs stay. One that another procedure runs is not deleted.
				</Text>
			</Confirm>
			<Modal
				opened={kept.length > 0}
				onClose={() => setKept([])}
				title={`${count(kept.length, "procedure")} stayed as they were`}
			>
				<ul>
					{kept.slice(0, mostNames).map(({ name, why }) => (
						<li key={name} className="nc-break">
							{visibleLine(name)}: {visibleLine(why)}
						</li>
					))}
				</ul>
				{kept.length > mostNames && <div>and {count(kept.length - mostNames, "more procedure")}</div>}
			</Modal>
		</>
	);
}
