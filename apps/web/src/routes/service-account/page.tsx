import type { ServiceAccount } from "@netconductor/contracts/auth/service-accounts";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { useApi, usePermitted } from "../../api/context.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Icon } from "../../ui/icon.tsx";
import { ButtonLink, TextLink } from "../../ui/link.tsx";
import { NotLoaded } from "../../ui/not-loaded.tsx";
import { Page, Panel } from "../../ui/page.tsx";
import { Ago, Moment } from "../../ui/time.tsx";
import { toastDone, toastProblem } from "../../ui/toast.tsx";
import { AccountState, Owner } from "../service-accounts/account-state.tsx";
import { AccountActions } from "../users/account-actions.tsx";
import { useRoles } from "../users/use-roles.ts";
import { AccountTokens } from "./account-tokens.tsx";
import { EditAccount } from "./edit-account.tsx";

export const route = createLazyRoute("/signed-in/framed/service-accounts/$id")({ component: ServiceAccountPage });
const { useParams } = getRouteApi("/signed-in/framed/service-accounts/$id");

/** What is asked or filled in beside the page. */
type Doing = "edit" | "disable" | "delete";

function ServiceAccountPage() {
	const api = useApi();
	const queries = useQueryClient();
	const { id } = useParams();
	const permitted = usePermitted();
	const [doing, setDoing] = useState<Doing>();
	const stop = () => setDoing(undefined);
	const {
		data: account,
		error,
		refetch,
	} = useQuery({
		queryKey: ["service_accounts", "one", id],
		queryFn: ({ signal }) => api.auth.getServiceAccount({ params: { id } }, { signal }),
	});
	const disable = useMutation({
		mutationFn: (disabled: boolean) => api.auth.updateServiceAccount({ params: { id }, body: { disabled } }),
		onSuccess: (changed) => {
			queries.setQueryData(["service_accounts", "one", id], changed);
			toastDone(`${visibleLine(changed.name)} is ${changed.disabled ? "disabled" : "enabled"}`);
			stop();
		},
		onError: toastProblem,
	});
	if (account === undefined) {
		return (
			<NotLoaded
				title="Service account"
				query={{ error, refetch }}
				wayOut={
					<ButtonLink to="/service-accounts" variant="default">
						All service accounts
					</ButtonLink>
				}
			/>
		);
	}
	return (
		<Page
			title={account.name}
			beside={<AccountState account={account} />}
			actions={
				permitted("service_accounts:write") && (
					<AccountActions
						disabled={account.disabled}
						onEdit={() => setDoing("edit")}
						onEnable={() => disable.mutate(false)}
						onDisable={() => setDoing("disable")}
						onDelete={() => setDoing("delete")}
					/>
				)
			}
		>
			<div className="nc-columns">
				<div>
					<AccountFacts account={account} />
				</div>
				<div>
					<AccountTokens account={account} />
				</div>
			</div>
			{doing === "edit" && <EditAccount account={account} onClose={stop} />}
			<Confirm
				opened={doing === "disable"}
				title={`Disable ${visibleLine(account.name)}`}
				action="Disable"
				busy={disable.isPending}
				onConfirm={() => disable.mutate(true)}
				onClose={stop}
			>
				Its API tokens are refused at once, until it is enabled again. Nothing is deleted.
			</Confirm>
			<DeleteAccount account={account} opened={doing === "delete"} onClose={stop} />
		</Page>
	);
}

function AccountFacts({ account }: { account: ServiceAccount }) {
	const permitted = usePermitted();
	const { label } = useRoles();
	const { owner } = account;
	return (
		<Panel title="Service account">
			<dl className="nc-facts nc-panel-body">
				<dt>What it is for</dt>
				<dd>{visibleLine(account.description) || <span className="nc-dim">not given</span>}</dd>
				<dt>Role</dt>
				<dd>
					{permitted("roles:read") ? (
						<TextLink to="/roles" search={{ role: account.role }} size="sm">
							{visibleLine(label(account.role))}
						</TextLink>
					) : (
						visibleLine(account.role)
					)}
				</dd>
				<dt>Owner</dt>
				<dd>
					{owner?.active && permitted("users:read") ? (
						<TextLink to="/users/$id" params={{ id: owner.id }} size="sm">
							{visibleLine(owner.username)}
						</TextLink>
					) : (
						<Owner account={account} />
					)}
				</dd>
				<dt>Last used</dt>
				<dd>{account.last_used_at === null ? "never" : <Ago at={account.last_used_at} />}</dd>
				<dt>Added</dt>
				<dd>
					<Moment at={account.created_at} />
				</dd>
				<dt>Changed</dt>
				<dd>
					<Ago at={account.updated_at} />
				</dd>
			</dl>
			{permitted("audit:read") && (
				<div className="nc-panel-body">
					<ButtonLink
						variant="default"
						to="/audit"
						search={{ actor: account.id }}
						leftSection={<Icon name="list" size={14} />}
					>
						What it changed
					</ButtonLink>
				</div>
			)}
		</Panel>
	);
}

function DeleteAccount({
	account,
	opened,
	onClose,
}: {
	account: ServiceAccount;
	opened: boolean;
	onClose: () => void;
}) {
	const api = useApi();
	const queries = useQueryClient();
	const navigate = getRouteApi("/signed-in/framed/service-accounts/$id").useNavigate();
	const name = visibleLine(account.name);
	const remove = useMutation({
		mutationFn: () => api.auth.deleteServiceAccount({ params: { id: account.id } }),
		onSuccess: async () => {
			toastDone(`${name} is deleted`);
			await navigate({ to: "/service-accounts", replace: true });
			queries.removeQueries({ queryKey: ["service_accounts", "one", account.id] });
		},
		onError: toastProblem,
	});
	return (
		<Confirm
			opened={opened}
			title={`Delete ${name}`}
			action="Delete service account"
			typed={account.name}
			busy={remove.isPending}
			onConfirm={() => remove.mutate()}
			onClose={onClose}
		>
			Its API tokens go with it, at once. What it did stays in the audit trail. To keep it out for a while, disable it
			instead.
		</Confirm>
	);
}
