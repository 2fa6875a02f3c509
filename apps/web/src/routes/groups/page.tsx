import { Button } from "@mantine/core";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useMemo } from "react";
import { useApi, usePermitted } from "../../api/context.tsx";
import { Empty } from "../../ui/empty.tsx";
import { useDrawer } from "../../ui/form/use-drawer.ts";
import { Icon } from "../../ui/icon.tsx";
import { Page } from "../../ui/page.tsx";
import { useCredentials } from "../../ui/pick/credential-select.tsx";
import { DataTable } from "../../ui/table/data-table.tsx";
import { usePagedList } from "../../ui/table/list-source.ts";
import { SearchField } from "../../ui/table/search-field.tsx";
import { columnsOf } from "./columns.tsx";
import { GroupForm } from "./group-form.tsx";

export const route = createLazyRoute("/signed-in/framed/groups")({ component: GroupsPage });
const { useSearch, useNavigate } = getRouteApi("/signed-in/framed/groups");

function GroupsPage() {
	const api = useApi();
	const mayWrite = usePermitted()("devices:write");
	const navigate = useNavigate();
	const search = useSearch();
	const form = useDrawer();
	const credentials = useCredentials().data;
	const columns = useMemo(
		() => columnsOf(credentials === undefined ? undefined : new Map(credentials.map(({ id, name }) => [id, name]))),
		[credentials],
	);
	const list = usePagedList("device_groups", search, (query, signal) => api.devices.listGroups({ query }, { signal }));
	const show = (change: Partial<typeof search>) =>
		void navigate({ search: (before) => ({ ...before, page: undefined, ...change }), replace: true });
	const add = (
		<Button leftSection={<Icon name="plus" size={14} />} onClick={form.open}>
			Add group
		</Button>
	);
	return (
		<Page title="Groups" actions={mayWrite && add}>
			<DataTable
				name="groups"
				noun="group"
				columns={columns}
				rowId={({ id }) => id}
				rowName={({ name }) => name}
				source={list}
				sort={search.sort ?? "name"}
				onSort={(sort) => show({ sort: sort as typeof search.sort })}
				onPage={show}
				filters={<SearchField label="Search groups" placeholder="Name" q={search.q} onSearch={(q) => show({ q })} />}
				empty={
					search.q === undefined ? (
						<Empty title="No groups yet" actions={mayWrite && add}>
							A group holds devices that are backed up and tested together, or that share a login.
						</Empty>
					) : (
						<Empty title="No group matches" />
					)
				}
			/>
			{mayWrite && (
				<GroupForm
					key={form.key}
					opened={form.opened}
					onClose={form.close}
					onSaved={({ id }) => void navigate({ to: "/groups/$id", params: { id } })}
				/>
			)}
		</Page>
	);
}
