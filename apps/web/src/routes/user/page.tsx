import { Menu } from "@mantine/core";
import type { ApiToken, User } from "@netconductor/contracts/auth/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { useApi, useMe, usePermitted } from "../../api/context.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Empty } from "../../ui/empty.tsx";
import { Icon } from "../../ui/icon.tsx";
import { ButtonLink, TextLink } from "../../ui/link.tsx";
import { NotLoaded } from "../../ui/not-loaded.tsx";
import { Page, Panel } from "../../ui/page.tsx";
import { DataTable } from "../../ui/table/data-table.tsx";
import { usePagedList } from "../../ui/table/list-source.ts";
import { SearchField } from "../../ui/table/search-field.tsx";
import { Ago, Moment } from "../../ui/time.tsx";
import { toastDone, toastProblem } from "../../ui/toast.tsx";
import { tokenColumns } from "../tokens/columns.tsx";
import { RevokeToken } from "../tokens/revoke-token.tsx";
import { AccountActions } from "../users/account-actions.tsx";
import { useRoles } from "../users/use-roles.ts";
import { methodWord, UserState } from "../users/user-state.tsx";
import { EditUser } from "./edit-user.tsx";
import { SecondFactorFact } from "./second-factor-fact.tsx";
import { SetPassword } from "./set-password.tsx";
import { UserSessions } from "./user-sessions.tsx";

export const route = createLazyRoute("/signed-in/framed/users/$id")({ component: UserPage });
const { useParams, useSearch, useNavigate } = getRouteApi("/signed-in/framed/users/$id");

/** What is asked or filled in beside the page. */
type Doing = "edit" | "password" | "disable" | "delete";

function UserPage() {
	const api = useApi();
	const queries = useQueryClient();
	const me = useMe();
	const { id } = useParams();
	const permitted = usePermitted();
	const [doing, setDoing] = useState<Doing>();
	const stop = () => setDoing(undefined);
	const {
		data: user,
		error,
		refetch,
	} = useQuery({
		queryKey: ["users", "one", id],
		queryFn: ({ signal }) => api.auth.getUser({ params: { id } }, { signal }),
	});
	const disable = useMutation({
		mutationFn: (disabled: boolean) => api.auth.updateUser({ params: { id }, body: { disabled } }),
		onSuccess: (changed) => {
			queries.setQueryData(["users", "one", id], changed);
			toastDone(`${visibleLine(changed.username)} is ${changed.disabled ? "disabled" : "enabled"}`);
			stop();
		},
		onError: toastProblem,
	});
	if (user === undefined) {
		return (
			<NotLoaded
				title="User"
				query={{ error, refetch }}
				wayOut={
					<ButtonLink to="/users" variant="default">
						All users
					</ButtonLink>
				}
			/>
		);
	}
	const mayChange = permitted("users:write");
	return (
		<Page
			title={user.username}
			beside={<UserState user={user} />}
			actions={
				mayChange && (
					<AccountActions
						disabled={user.disabled}
						onEdit={() => setDoing("edit")}
						onEnable={() => disable.mutate(false)}
						onDisable={() => setDoing("disable")}
						onDelete={() => setDoing("delete")}
					>
						{user.login_method === null && (
							<Menu.Item leftSection={<Icon name="key" size={14} />} onClick={() => setDoing("password")}>
								Set a one-time password
							</Menu.Item>
						)}
					</AccountActions>
				)
			}
		>
			<div className="nc-columns">
				<div>
					<UserFacts user={user} />
				</div>
				<div>
					<UserSessions id={id} />
					{permitted("tokens:read") && <UserTokens id={id} />}
				</div>
			</div>
			{doing === "edit" && <EditUser user={user} onClose={stop} />}
			{doing === "password" && <SetPassword user={user} onClose={stop} />}
			<Confirm
				opened={doing === "disable"}
				title={`Disable ${visibleLine(user.username)}`}
				action="Disable"
				busy={disable.isPending}
				onConfirm={() => disable.mutate(true)}
				onClose={stop}
			>
				{visibleLine(user.username)} can no longer sign in: sessions end now, and API tokens are refused until the user
				is enabled again. Nothing is deleted.
				{me.user.id === user.id && <p>This is you: you are signed out at once.</p>}
			</Confirm>
			<DeleteUser user={user} opened={doing === "delete"} onClose={stop} />
		</Page>
	);
}

function UserFacts({ user }: { user: User }) {
	const permitted = usePermitted();
	const { label } = useRoles();
	return (
		<Panel title="User">
			<dl className="nc-facts nc-panel-body">
				<dt>Name</dt>
				<dd>{visibleLine(user.display_name) || <span className="nc-dim">not given</span>}</dd>
				<dt>Email</dt>
				<dd>{user.email === null ? <span className="nc-dim">not given</span> : visibleLine(user.email)}</dd>
				<dt>Role</dt>
				<dd>
					{permitted("roles:read") ? (
						<TextLink to="/roles" search={{ role: user.role }} size="sm">
							{visibleLine(label(user.role))}
						</TextLink>
					) : (
						visibleLine(user.role)
					)}
				</dd>
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
				<dt>Added</dt>
				<dd>
					<Moment at={user.created_at} />
				</dd>
				<dt>Changed</dt>
				<dd>
					<Ago at={user.updated_at} />
				</dd>
			</dl>
			{permitted("audit:read") && (
				<div className="nc-panel-body">
					<ButtonLink
						variant="default"
						to="/audit"
						search={{ actor: user.id }}
						leftSection={<Icon name="list" size={14} />}
					>
						What they changed
					</ButtonLink>
				</div>
			)}
		</Panel>
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

function DeleteUser({ user, opened, onClose }: { user: User; opened: boolean; onClose: () => void }) {
	const api = useApi();
	const queries = useQueryClient();
	const navigate = useNavigate();
	const me = useMe();
	const name = visibleLine(user.username);
	const remove = useMutation({
		mutationFn: () => api.auth.deleteUser({ params: { id: user.id } }),
		onSuccess: async () => {
			toastDone(`${name} is deleted`);
			await navigate({ to: "/users", replace: true });
			queries.removeQueries({ queryKey: ["users", "one", user.id] });
		},
		onError: toastProblem,
	});
	return (
		<Confirm
			opened={opened}
			title={`Delete ${name}`}
			action="Delete user"
			typed={user.username}
			busy={remove.isPending}
			onConfirm={() => remove.mutate()}
			onClose={onClose}
		>
			Their sessions, API tokens and saved views go with them. What they did stays in the audit trail. To keep somebody
			out for a while, disable them instead.
			{me.user.id === user.id && <p>This is you: you are signed out at once.</p>}
		</Confirm>
	);
}
