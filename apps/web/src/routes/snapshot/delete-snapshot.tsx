import type { Snapshot } from "@netconductor/contracts/backup/model";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useApi } from "../../api/context.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { toastDone, toastProblem } from "../../ui/toast.tsx";
import { WhatGoes } from "../../ui/what-goes.tsx";

/** Deletes a snapshot with its backups, once it has said what goes with it. */
export function DeleteSnapshot({
	snapshot: { id, name, pinned },
	opened,
	onClose,
}: {
	snapshot: Snapshot;
	opened: boolean;
	onClose: () => void;
}) {
	const api = useApi();
	const queries = useQueryClient();
	const navigate = useNavigate();
	const goes = useQuery({
		queryKey: ["snapshots", "what goes", id],
		queryFn: ({ signal }) => api.backup.deleteSnapshot({ params: { id }, query: { dry_run: "true" } }, { signal }),
		enabled: opened,
		gcTime: 0,
	});
	const remove = useMutation({
		mutationFn: () => api.backup.deleteSnapshot({ params: { id }, query: { dry_run: "false" } }),
		onSuccess: async () => {
			toastDone("Snapshot deleted");
			await navigate({ to: "/snapshots" });
			void queries.invalidateQueries({ queryKey: ["snapshots"] });
			void queries.invalidateQueries({ queryKey: ["backups"] });
		},
		onError: toastProblem,
		onSettled: onClose,
	});
	return (
		<Confirm
			opened={opened}
			title={`Delete ${name}?`}
			action="Delete"
			busy={remove.isPending || goes.data === undefined}
			onConfirm={() => remove.mutate()}
			onClose={onClose}
		>
			<p style={{ margin: "0 0 10px" }}>
				Its backups go with it: what the devices looked like then cannot be seen or compared any more.
				{pinned && " It is pinned: somebody wanted it kept."}
			</p>
			<Loaded query={goes} rows={2}>
				{(result) => <WhatGoes result={result} />}
			</Loaded>
		</Confirm>
	);
}
