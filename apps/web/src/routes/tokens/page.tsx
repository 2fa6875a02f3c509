import { Button } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import type { ApiToken } from "@netconductor/contracts/auth/model";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { useApi } from "../../api/context.tsx";
import { Empty } from "../../ui/empty.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Page } from "../../ui/page.tsx";
import { DataTable } from "../../ui/table/data-table.tsx";
import { usePagedList } from "../../ui/table/list-source.ts";
import { SearchField } from "../../ui/table/search-field.tsx";
import { tokenColumns } from "./columns.tsx";
import { MakeToken } from "./make-token.tsx";
import { RevokeToken } from "./revoke-token.tsx";

export const route = createLazyRoute("/signed-in/framed/tokens")({ component: TokensPage });
const { useSearch, useNavigate } = getRouteApi("/signed-in/framed/tokens");

/** One's own API tokens. */
function TokensPage() {
	const api = useApi();
	const navigate = useNavigate();
	const search = useSearch();
	const [making, { open, close }] = useDisclosure();
	const [revoking, setRevoking] = useState<ApiToken>();
	const columns = useMemo(() => tokenColumns(setRevoking), []);
	const list = usePagedList("tokens", search, (query, signal) => api.auth.listMyTokens({ query }, { signal }));
	const show = (change: Partial<typeof search>) =>
		void navigate({ search: (before) => ({ ...before, page: undefined, ...change }), replace: true });
	const nothing = list.paging?.total === 0 && search.q === undefined;
	const make = (
		<Button leftSection={<Icon name="plus" size={14} />} onClick={open}>
			Make a token
		</Button>
	);
	return (
		<Page title="API tokens" actions={!nothing && make}>
			{nothing ? (
				<section className="nc-panel" aria-label="No API tokens yet">
					<Empty title="You have no API tokens" actions={make}>
						A token lets a script or another system use the API in your name, with only the permissions that you give
						it, until the day it expires.
					</Empty>
				</section>
			) : (
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
					filters={<SearchField label="Search tokens" q={search.q} onSearch={(q) => show({ q })} />}
					empty={<Empty title="No token matches" />}
				/>
			)}
			{making && <MakeToken onClose={close} />}
			<RevokeToken
				token={revoking}
				revoke={({ id }) => api.auth.revokeMyToken({ params: { id } })}
				onClose={() => setRevoking(undefined)}
			/>
		</Page>
	);
}
