import { Button } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useMemo } from "react";
import { useApi, usePermitted } from "../../api/context.tsx";
import { NothingMatches } from "../../ui/empty.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Page } from "../../ui/page.tsx";
import { DataTable } from "../../ui/table/data-table.tsx";
import { Filters } from "../../ui/table/filters.tsx";
import { usePagedList } from "../../ui/table/list-source.ts";
import { SearchField } from "../../ui/table/search-field.tsx";
import { AccountChoices } from "./account-choices.tsx";
import { AddUser } from "./add-user.tsx";
import { userColumns } from "./columns.tsx";
import { useRoles } from "./use-roles.ts";

export const route = createLazyRoute("/signed-in/framed/users")({ component: UsersPage });
const { useSearch, useNavigate } = getRouteApi("/signed-in/framed/users");

function UsersPage() {
	const api = useApi();
	const permitted = usePermitted();
	const navigate = useNavigate();
	const search = useSearch();
	const [adding, { open, close }] = useDisclosure();
	const { roles, label } = useRoles();
	const columns = useMemo(() => userColumns(label), [label]);
	const list = usePagedList("users", search, (query, signal) => api.auth.listUsers({ query }, { signal }));
	const show = (change: Partial<typeof search>) =>
		void navigate({ search: (before) => ({ ...before, page: undefined, ...change }), replace: true });
	const mayAdd = permitted("users:write");
	return (
		<Page
			title="Users"
			actions={
				mayAdd && (
					<Button leftSection={<Icon name="plus" size={14} />} onClick={open}>
						Add user
					</Button>
				)
			}
		>
			<DataTable
				name="users"
				noun="user"
				columns={columns}
				rowId={({ id }) => id}
				rowName={({ username }) => username}
				source={list}
				sort={search.sort ?? "username"}
				onSort={(sort) => show({ sort: sort as typeof search.sort })}
				onPage={show}
				filters={
					<Filters
						set={[search.role, search.disabled].filter((filter) => filter !== undefined).length}
						search={
							<SearchField
								label="Search users"
								placeholder="User name, name, email…"
								q={search.q}
								onSearch={(q) => show({ q })}
							/>
						}
					>
						<AccountChoices roles={roles} chosen={search} onChoose={show} />
					</Filters>
				}
				empty={
					<NothingMatches title="No user matches" onShowAll={() => void navigate({ search: {}, replace: true })} />
				}
			/>
			{adding && <AddUser onClose={close} />}
		</Page>
	);
}
