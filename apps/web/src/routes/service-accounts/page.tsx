import { Button } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useMemo } from "react";
import { useApi, usePermitted } from "../../api/context.tsx";
import { Empty, NothingMatches } from "../../ui/empty.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Page } from "../../ui/page.tsx";
import { Choice } from "../../ui/table/choice.tsx";
import { DataTable } from "../../ui/table/data-table.tsx";
import { Filters } from "../../ui/table/filters.tsx";
import { usePagedList } from "../../ui/table/list-source.ts";
import { SearchField } from "../../ui/table/search-field.tsx";
import { AccountChoices } from "../users/account-choices.tsx";
import { useRoles } from "../users/use-roles.ts";
import { AddAccount } from "./add-account.tsx";
import { accountColumns } from "./columns.tsx";

export const route = createLazyRoute("/signed-in/framed/service-accounts")({ component: ServiceAccountsPage });
const { useSearch, useNavigate } = getRouteApi("/signed-in/framed/service-accounts");

function ServiceAccountsPage() {
	const api = useApi();
	const permitted = usePermitted();
	const navigate = useNavigate();
	const search = useSearch();
	const [adding, { open, close }] = useDisclosure();
	const { roles, label } = useRoles();
	const columns = useMemo(() => accountColumns(label), [label]);
	const list = usePagedList("service_accounts", search, (query, signal) =>
		api.auth.listServiceAccounts({ query }, { signal }),
	);
	const show = (change: Partial<typeof search>) =>
		void navigate({ search: (before) => ({ ...before, page: undefined, ...change }), replace: true });
	const set = [search.role, search.disabled, search.ownerless].filter((filter) => filter !== undefined).length;
	const nothing = list.paging?.total === 0 && search.q === undefined && set === 0;
	const add = permitted("service_accounts:write") && (
		<Button leftSection={<Icon name="plus" size={14} />} onClick={open}>
			Add service account
		</Button>
	);
	return (
		<Page title="Service accounts" actions={!nothing && add}>
			{nothing ? (
				<section className="nc-panel" aria-label="No service accounts yet">
					<Empty title="No program has an account of its own" actions={add || undefined}>
						A service account is for a program: it cannot sign in, acts by API tokens with a role of its own, and stays
						when the person leaves who set it up.
					</Empty>
				</section>
			) : (
				<DataTable
					name="service accounts"
					noun="service account"
					columns={columns}
					rowId={({ id }) => id}
					rowName={({ name }) => name}
					source={list}
					sort={search.sort ?? "name"}
					onSort={(sort) => show({ sort: sort as typeof search.sort })}
					onPage={show}
					filters={
						<Filters
							set={set}
							search={
								<SearchField
									label="Search service accounts"
									placeholder="Name, what it is for…"
									q={search.q}
									onSearch={(q) => show({ q })}
								/>
							}
						>
							<AccountChoices roles={roles} chosen={search} onChoose={show} />
							<Choice
								label="Owner"
								any="Any owner"
								options={[
									{ value: "false", label: "Has an owner" },
									{ value: "true", label: "Without owner" },
								]}
								value={search.ownerless}
								onChange={(ownerless) => show({ ownerless })}
							/>
						</Filters>
					}
					empty={
						<NothingMatches
							title="No service account matches"
							onShowAll={() => void navigate({ search: {}, replace: true })}
						/>
					}
				/>
			)}
			{adding && (
				<AddAccount
					onAdded={({ id }) => void navigate({ to: "/service-accounts/$id", params: { id } })}
					onClose={close}
				/>
			)}
		</Page>
	);
}
