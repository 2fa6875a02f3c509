import { Button } from "@mantine/core";
import type { ServiceAccount, ServiceAccountToken } from "@netconductor/contracts/auth/service-accounts";
import { getRouteApi } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { useApi, usePermitted } from "../../api/context.tsx";
import { Empty } from "../../ui/empty.tsx";
import { Icon } from "../../ui/icon.tsx";
import { DataTable } from "../../ui/table/data-table.tsx";
import { usePagedList } from "../../ui/table/list-source.ts";
import { SearchField } from "../../ui/table/search-field.tsx";
import { RevokeToken } from "../tokens/revoke-token.tsx";
import { IssueToken } from "./issue-token.tsx";
import { accountTokenColumns } from "./token-columns.tsx";

const { useSearch, useNavigate } = getRouteApi("/signed-in/framed/service-accounts/$id");

/** What an account acts by: made, rotated and revoked here. */
export function AccountTokens({ account }: { account: ServiceAccount }) {
	const api = useApi();
	const permitted = usePermitted();
	const navigate = useNavigate();
	const search = useSearch();
	/** The token that is rotated, or that one is made. */
	const [issuing, setIssuing] = useState<ServiceAccountToken | "new">();
	const [revoking, setRevoking] = useState<ServiceAccountToken>();
	const mayChange = permitted("service_accounts:write");
	const columns = useMemo(
		() => accountTokenColumns(mayChange ? { rotate: setIssuing, revoke: setRevoking } : undefined),
		[mayChange],
	);
	const list = usePagedList("service_accounts", { ...search, of: account.id }, ({ of, ...query }, signal) =>
		api.auth.listServiceAccountTokens({ params: { id: of }, query }, { signal }),
	);
	const show = (change: Partial<typeof search>) =>
		void navigate({ search: (before) => ({ ...before, page: undefined, ...change }), replace: true });
	const make = mayChange && (
		<Button size="xs" leftSection={<Icon name="plus" size={14} />} onClick={() => setIssuing("new")}>
			Make a token
		</Button>
	);
	return (
		<>
			<DataTable
				name="API tokens"
				noun="token"
				columns={columns}
				rowId={({ id }) => id}
				rowName={({ name }) => name}
				source={list}
				sort={search.sort ?? "-created_at"}
				onSort={(sort) => show({ sort: sort as typeof search.sort })}
				onPage={show}
				filters={
					<>
						<SearchField label="Search API tokens" q={search.q} onSearch={(q) => show({ q })} />
						{make}
					</>
				}
				empty={
					<Empty title={search.q === undefined ? "No API tokens" : "No token matches"}>
						{search.q === undefined && "Without one the account can do nothing."}
					</Empty>
				}
			/>
			{issuing !== undefined && (
				<IssueToken
					account={account}
					token={issuing === "new" ? undefined : issuing}
					onClose={() => setIssuing(undefined)}
				/>
			)}
			<RevokeToken
				token={revoking}
				kind="service_accounts"
				revoke={({ id }) => api.auth.revokeServiceAccountToken({ params: { id: account.id, token_id: id } })}
				onClose={() => setRevoking(undefined)}
			/>
		</>
	);
}
