import { Button, Menu, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import type { DeviceGroup } from "@netconductor/contracts/devices/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useApi, usePermitted } from "../../api/context.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Empty } from "../../ui/empty.tsx";
import { useDrawer } from "../../ui/form/use-drawer.ts";
import { Icon } from "../../ui/icon.tsx";
import { ButtonLink } from "../../ui/link.tsx";
import { MoreActions } from "../../ui/more-actions.tsx";
import { isNone, NotLoaded } from "../../ui/not-loaded.tsx";
import { Page } from "../../ui/page.tsx";
import { useCredentials } from "../../ui/pick/credential-select.tsx";
import { useStartRuns } from "../../ui/start-runs.ts";
import { DataTable } from "../../ui/table/data-table.tsx";
import { usePagedList } from "../../ui/table/list-source.ts";
import { SearchField } from "../../ui/table/search-field.tsx";
import { type Selection, useSelection } from "../../ui/table/selection.ts";
import { toastDone, toastProblem } from "../../ui/toast.tsx";
import { count } from "../../ui/words.ts";
import { columns } from "../devices/columns.tsx";
import { GroupForm } from "../groups/group-form.tsx";
import { AddMembers } from "./add-members.tsx";

export const route = createLazyRoute("/signed-in/framed/groups/$id")({ component: GroupPage });
const { useParams, useSearch, useNavigate } = getRouteApi("/signed-in/framed/groups/$id");

function GroupPage() {
	const { id } = useParams();
	const api = useApi();
	const navigate = useNavigate();
	const permitted = usePermitted();
	const { backUp, test } = useStartRuns();
	const form = useDrawer();
	const adding = useDrawer();
	const [deleting, askDelete] = useDisclosure();
	const credentials = useCredentials().data;
	const query = useQuery({
		queryKey: ["device_groups", id],
		queryFn: ({ signal }) => api.devices.getGroup({ params: { id } }, { signal }),
	});
	const remove = useMutation({
		mutationFn: () => api.devices.deleteGroup({ params: { id } }),
		onSuccess: () => {
			toastDone(`The group ${query.data?.name ?? ""} is deleted`);
			void navigate({ to: "/groups" });
		},
		onError: (error) => {
			askDelete.close();
			toastProblem(error);
		},
	});
	const group = query.data;
	// Deleted by somebody else while the page was open: what it showed is no more.
	const gone = isNone(query.error) && !remove.isSuccess;
	if (group === undefined || gone) {
		return (
			<NotLoaded
				title="Group"
				query={query}
				wayOut={
					<ButtonLink to="/groups" variant="default">
						All groups
					</ButtonLink>
				}
			/>
		);
	}
	const mayWrite = permitted("devices:write");
	const select = { groups: [group.name] };
	const empty = group.devices === 0;
	const credential = credentials?.find((one) => one.id === group.credential_id);
	return (
		<Page
			title={group.name}
			beside={<span className="nc-dim">{count(group.devices, "device")}</span>}
			actions={
				<>
					{mayWrite && (
						<>
							<Button variant="default" leftSection={<Icon name="plus" size={14} />} onClick={adding.open}>
								Add devices
							</Button>
							<Button variant="default" leftSection={<Icon name="edit" size={14} />} onClick={form.open}>
								Edit
							</Button>
						</>
					)}
					{permitted("devices:test") && (
						<Button variant="default" disabled={empty} loading={test.isPending} onClick={() => test.mutate(select)}>
							Test the group
						</Button>
					)}
					{permitted("backups:run") && (
						<Button disabled={empty} loading={backUp.isPending} onClick={() => backUp.mutate(select)}>
							Back up the group
						</Button>
					)}
					{mayWrite && (
						<MoreActions>
							<Menu.Item color="red" leftSection={<Icon name="trash" size={14} />} onClick={askDelete.open}>
								Delete the group
							</Menu.Item>
						</MoreActions>
					)}
				</>
			}
		>
			{(group.description !== "" || group.credential_id !== null || group.worker_pool !== null) && (
				<Text size="sm" component="div">
					{visibleLine(group.description)}
					{group.credential_id !== null && (
						<div className="nc-dim">
							{credential === undefined
								? "Devices without a login of their own use the group's credential."
								: `Devices without a login of their own use ${visibleLine(`${credential.name} (${credential.username})`)}.`}
						</div>
					)}
					{group.worker_pool !== null && (
						<div className="nc-dim">
							Workers of the pool {visibleLine(group.worker_pool)} reach its devices, unless those name another.
						</div>
					)}
				</Text>
			)}
			<Members group={group} onAdd={mayWrite ? adding.open : undefined} />
			{mayWrite && (
				<>
					<GroupForm key={form.key} group={group} opened={form.opened} onClose={form.close} />
					<AddMembers key={`add ${adding.key}`} group={group} opened={adding.opened} onClose={adding.close} />
				</>
			)}
			<Confirm
				opened={deleting}
				title={`Delete the group ${group.name}?`}
				action="Delete the group"
				busy={remove.isPending}
				onConfirm={() => remove.mutate()}
				onClose={askDelete.close}
			>
				{empty ? "It holds no device." : `Its ${count(group.devices, "device")} stay in the inventory.`}
				{group.credential_id !== null &&
					" Those without a login of their own lose the group's credential: another group's or the default one applies."}
			</Confirm>
		</Page>
	);
}

function Members({ group, onAdd }: { group: DeviceGroup; onAdd: (() => void) | undefined }) {
	const api = useApi();
	const navigate = useNavigate();
	const search = useSearch();
	const selection = useSelection();
	const list = usePagedList(
		"devices",
		{ ...search, group: group.name },
		(query, signal) => api.devices.listDevices({ query }, { signal }),
		{ near: true },
	);
	const show = (change: Partial<typeof search>) =>
		void navigate({ search: (before) => ({ ...before, page: undefined, ...change }), replace: true });
	return (
		<DataTable
			name="members"
			noun="device"
			columns={columns}
			rowId={({ id }) => id}
			rowName={({ name }) => name}
			source={list}
			sort={search.sort ?? "name"}
			onSort={(sort) => show({ sort: sort as typeof search.sort })}
			onPage={show}
			filters={
				<SearchField
					label="Search the group"
					placeholder="Name, address, site…"
					q={search.q}
					onSearch={(q) => show({ q })}
				/>
			}
			selection={onAdd === undefined ? undefined : selection}
			bulk={onAdd !== undefined && <RemoveMembers group={group} selection={selection} />}
			empty={
				search.q === undefined ? (
					<Empty title="No devices in this group" actions={onAdd && <Button onClick={onAdd}>Add devices</Button>}>
						Devices can be in any number of groups.
					</Empty>
				) : (
					<Empty title="No device of the group matches" />
				)
			}
		/>
	);
}

function RemoveMembers({ group, selection }: { group: DeviceGroup; selection: Selection }) {
	const api = useApi();
	const queries = useQueryClient();
	const [asking, ask] = useDisclosure();
	const chosen = selection.ids.size;
	const remove = useMutation({
		mutationFn: () =>
			api.devices.updateDevices({
				body: {
					select: { device_ids: [...selection.ids] },
					action: { kind: "remove_from_group", group: group.name },
				},
			}),
		onSuccess: ({ changed }) => {
			void queries.invalidateQueries({ queryKey: ["device_groups"] });
			void queries.invalidateQueries({ queryKey: ["devices"] });
			selection.clear();
			toastDone(`${count(changed, "device")} removed from ${group.name}`);
		},
		onError: toastProblem,
		onSettled: ask.close,
	});
	return (
		<>
			<Button variant="default" disabled={chosen === 0} onClick={ask.open}>
				Remove from the group
			</Button>
			<Confirm
				opened={asking}
				title={`Remove ${count(chosen, "device")} from ${group.name}?`}
				action="Remove from the group"
				busy={remove.isPending}
				onConfirm={() => remove.mutate()}
				onClose={ask.close}
			>
				They stay in the inventory.
				{group.credential_id !== null && " Those without a login of their own no longer use the group's credential."}
			</Confirm>
		</>
	);
}
