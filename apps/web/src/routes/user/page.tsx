import { Menu } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import type { ApiToken, User } from "@netconductor/contracts/auth/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { useApi, useMe, usePermitted } from "../../api/context.tsx";
import { Empty } from "../../ui/empty.tsx";
import { Icon } from "../../ui/icon.tsx";
import { TextLink } from "../../ui/link.tsx";
import { PageOfOne } from "../../ui/page-of-one.tsx";
import { DataTable } from "../../ui/table/data-table.tsx";
import { usePagedList } from "../../ui/table/list-source.ts";
import { SearchField } from "../../ui/table/search-field.tsx";
import { Ago, Moment } from "../../ui/time.tsx";
import { tokenColumns } from "../tokens/columns.tsx";
import { RevokeToken } from "../tokens/revoke-token.tsx";
import { AccountFacts } from "../users/account-facts.tsx";
import { AccountPage } from "../users/account-page.tsx";
import { methodWord, UserState } from "../users/user-state.tsx";
import { EditUser } from "./edit-user.tsx";
import { SecondFactorFact } from "./second-factor-fact.tsx";
import { SetPassword } from "./set-password.tsx";
import { UserSessions } from "./user-sessions.tsx";

export const route = createLazyRoute("/signed-in/framed/users/$id")({ component: UserPage });
const { useParams, useSearch, useNavigate } = getRouteApi("/signed-in/framed/users/$id");

function UserPage() {
	const api = useApi();
	const { id } = useParams();
	return (
		<PageOfOne
			id={id}
			title="User"
			list={{ to: "/users", label: "All users" }}
			queryKey={["users", "one", id]}
			read={(signal) => api.auth.getUser({ params: { id } }, { signal })}
		>
			{(user, onDeleted) => <OpenUser user={user} onDeleted={onDeleted} />}
		</PageOfOne>
	);
}

function OpenUser({ user, onDeleted }: { user: User; onDeleted: () => void }) {
	const api = useApi();
	const me = useMe();
	const permitted = usePermitted();
	const [givingPassword, { open, close }] = useDisclosure();
	const params = { id: user.id };
	const itself = me.user.id === user.id && <p>This is you: you are signed out at once.</p>;
	return (
		<>
			<AccountPage
				account={user}
				name={user.username}
				noun="user"
				queryKey={["users", "one", user.id]}
				state={<UserState user={user} />}
				mayChange={permitted("users:write")}
				items={
					user.login_method === null && (
						<Menu.Item leftSection={<Icon name="key" size={14} />} onClick={open}>
							Set a one-time password
						</Menu.Item>
					)
				}
				edit={(close) => <EditUser user={user} onClose={close} />}
				setDisabled={(disabled) => api.auth.updateUser({ params, body: { disabled } })}
				disabling={
					<>
						{visibleLine(user.username)} can no longer sign in: sessions end now, and API tokens are refused until the
						user is enabled again. Nothing is deleted.
						{itself}
					</>
				}
				remove={() => api.auth.deleteUser({ params })}
				deleting={
					<>
						Their sessions, API tokens and saved views go with them. What they did stays in the audit trail. To keep
						somebody out for a while, disable them instead.
						{itself}
					</>
				}
				onDeleted={onDeleted}
				facts={<Facts user={user} />}
			>
				<UserSessions id={user.id} />
				{permitted("tokens:read") && <UserTokens id={user.id} />}
			</AccountPage>
			{givingPassword && <SetPassword user={user} onClose={close} />}
		</>
	);
}

function Facts({ user }: { user: User }) {
	const permitted = usePermitted();
	const about = (
		<>
			<dt>Name</dt>
			<dd>{visibleLine(user.display_name) || <span className="nc-dim">not given</span>}</dd>
			<dt>Email</dt>
			<dd>{user.email === null ? <span className="nc-dim">not given</span> : visibleLine(user.email)}</dd>
		</>
	);
	return (
		<AccountFacts title="User" account={user} about={about} changes="What they changed">
			<dt>Signs in by</dt>
			<dd>
				{user.login_method !== null && permitted("login_methods:read") ? (
					<TextLink to="/sign-in-methods" size="sm">
						{visibleLine(user.login_method)}
					</TextLink>
				) : (
					visibleLine(methodWord(user))
				)}
			</dd>
			{user.absent_since !== null && (
				<>
					<dt>Not known there</dt>
					<dd>
						since <Moment at={user.absent_since} />: sessions have ended and API tokens are refused until they sign in
						again
					</dd>
				</>
			)}
			{user.login_method === null && <SecondFactorFact user={user} />}
			<dt>Last sign-in</dt>
			<dd>{user.last_login_at === null ? "never" : <Ago at={user.last_login_at} />}</dd>
		</AccountFacts>
	);
}

function UserTokens({ id }: { id: string }) {
	const api = useApi();
	const permitted = usePermitted();
	const navigate = useNavigate();
	const { sessions_page: _, ...search } = useSearch();
	const [revoking, setRevoking] = useState<ApiToken>();
	const mayRevoke = permitted("tokens:write");
	const columns = useMemo(() => tokenColumns(mayRevoke ? setRevoking : undefined), [mayRevoke]);
	const list = usePagedList("tokens", { ...search, user: id }, ({ user, ...query }, signal) =>
		api.auth.listUserTokens({ params: { id: user }, query }, { signal }),
	);
	const show = (change: Partial<typeof search>) =>
		void navigate({ search: (before) => ({ ...before, page: undefined, ...change }), replace: true });
	return (
		<>
			<DataTable
				name="API tokens"
				noun="token"
				columns={columns}
				rowId={(token) => token.id}
				rowName={({ name }) => name}
				source={list}
				sort={search.sort ?? "-created_at"}
				onSort={(sort) => show({ sort: sort as typeof search.sort })}
				onPage={show}
				filters={<SearchField label="Search API tokens" q={search.q} onSearch={(q) => show({ q })} />}
				empty={
					<Empty title={search.q === undefined ? "No API tokens" : "No token matches"}>
						{search.q === undefined && "Everybody makes their own, under API tokens."}
					</Empty>
				}
			/>
			<RevokeToken
				token={revoking}
				revoke={(token) => api.auth.revokeUserToken({ params: { id, token_id: token.id } })}
				onClose={() => setRevoking(undefined)}
			/>
		</>
	);
}
