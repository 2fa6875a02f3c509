import { Button } from "@mantine/core";
import type { ApprovalPolicy } from "@netconductor/contracts/alerts/approvals";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { useApi, usePermitted } from "../../api/context.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Empty } from "../../ui/empty.tsx";
import { useDrawer } from "../../ui/form/use-drawer.ts";
import { Icon } from "../../ui/icon.tsx";
import { ButtonLink } from "../../ui/link.tsx";
import { Page } from "../../ui/page.tsx";
import { DataTable } from "../../ui/table/data-table.tsx";
import { usePagedList } from "../../ui/table/list-source.ts";
import { SearchField } from "../../ui/table/search-field.tsx";
import { toastDone, toastProblem } from "../../ui/toast.tsx";
import { columnsOf } from "./columns.tsx";
import { PolicyForm } from "./policy-form.tsx";
import { TryOut } from "./try-out.tsx";

export const route = createLazyRoute("/signed-in/framed/approvals/policies")({ component: PoliciesPage });
const { useSearch, useNavigate } = getRouteApi("/signed-in/framed/approvals/policies");

/** As many as an order can name. */
const most = 500;

function PoliciesPage() {
	const api = useApi();
	const queries = useQueryClient();
	const navigate = useNavigate();
	const search = useSearch();
	const mayWrite = usePermitted()("approvals:write");
	const form = useDrawer();
	const [editing, setEditing] = useState<ApprovalPolicy>();
	const [removing, setRemoving] = useState<ApprovalPolicy>();
	const { q, sort = "position", page, page_size } = search;
	const list = usePagedList("approval_policies", { q, sort, page, page_size }, (query, signal) =>
		api.alerts.listApprovalPolicies({ query }, { signal }),
	);
	const readAgain = () => queries.invalidateQueries({ queryKey: ["approval_policies"] });
	const remove = useMutation({
		mutationFn: ({ id }: ApprovalPolicy) => api.alerts.deleteApprovalPolicy({ params: { id } }),
		onSuccess: (_, { name }) => {
			toastDone(`The policy ${visibleLine(name)} is deleted`);
			void readAgain();
		},
		onError: toastProblem,
		onSettled: () => setRemoving(undefined),
	});
	const move = useMutation({
		mutationFn: async ({ policy, by }: { policy: ApprovalPolicy; by: -1 | 1 }) => {
			const { items } = await api.alerts.listApprovalPolicies({ query: { page_size: most } });
			const ids = items.filter(({ built_in }) => !built_in).map(({ id }) => id);
			const from = ids.indexOf(policy.id);
			const other = ids[from + by];
			if (from === -1 || other === undefined) return;
			ids[from + by] = policy.id;
			ids[from] = other;
			await api.alerts.orderApprovalPolicies({ body: { ids } });
		},
		onSuccess: readAgain,
		onError: toastProblem,
	});
	const show = (change: Partial<typeof search>) =>
		void navigate({ search: (before) => ({ ...before, page: undefined, ...change }), replace: true });
	const open = (policy?: ApprovalPolicy) => {
		setEditing(policy);
		form.open();
	};
	const columns = columnsOf(
		mayWrite
			? {
					edit: open,
					remove: setRemoving,
					move: sort === "position" ? (policy, by) => move.mutate({ policy, by }) : undefined,
					count: (list.paging?.total ?? 1) - 1,
				}
			: undefined,
	);
	return (
		<Page
			title="Approval policies"
			actions={
				<>
					<ButtonLink to="/approvals" variant="default">
						Approvals
					</ButtonLink>
					{mayWrite && (
						<Button leftSection={<Icon name="plus" size={14} />} onClick={() => open()}>
							Add policy
						</Button>
					)}
				</>
			}
		>
			<p className="nc-small nc-dim" style={{ margin: 0 }}>
				For each device of a plan the first policy that matches decides, and the plan needs what all of its devices
				need. Whoever asks for a change never approves it, whatever a policy says.
			</p>
			<DataTable
				name="approval policies"
				noun="policy"
				columns={columns}
				rowId={({ id }) => id}
				rowName={({ name }) => name}
				source={list}
				sort={sort}
				onSort={(wanted) => show({ sort: wanted as typeof search.sort })}
				onPage={show}
				filters={
					<SearchField label="Search policies" placeholder="Name" q={q} onSearch={(text) => show({ q: text })} />
				}
				empty={<Empty title="No policy matches" />}
			/>
			<TryOut search={search} onTry={show} />
			{mayWrite && <PolicyForm key={form.key} policy={editing} opened={form.opened} onClose={form.close} />}
			<Confirm
				opened={removing !== undefined}
				title={`Delete ${visibleLine(removing?.name ?? "")}?`}
				action="Delete policy"
				busy={remove.isPending}
				onConfirm={() => removing !== undefined && remove.mutate(removing)}
				onClose={() => setRemoving(undefined)}
			>
				Changes that it was for are then decided on by the policies after it. Approvals already asked for stay as they
				are.
			</Confirm>
		</Page>
	);
}
