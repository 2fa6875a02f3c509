import type { ServiceAccount } from "@netconductor/contracts/auth/service-accounts";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useApi, usePermitted } from "../../api/context.tsx";
import { TextLink } from "../../ui/link.tsx";
import { PageOfOne } from "../../ui/page-of-one.tsx";
import { Ago } from "../../ui/time.tsx";
import { AccountState, Owner } from "../service-accounts/account-state.tsx";
import { AccountFacts } from "../users/account-facts.tsx";
import { AccountPage } from "../users/account-page.tsx";
import { AccountTokens } from "./account-tokens.tsx";
import { EditAccount } from "./edit-account.tsx";

export const route = createLazyRoute("/signed-in/framed/service-accounts/$id")({ component: ServiceAccountPage });
const { useParams } = getRouteApi("/signed-in/framed/service-accounts/$id");

function ServiceAccountPage() {
	const api = useApi();
	const permitted = usePermitted();
	const { id } = useParams();
	const params = { id };
	const queryKey = ["service_accounts", "one", id];
	return (
		<PageOfOne
			id={id}
			title="Service account"
			list={{ to: "/service-accounts", label: "All service accounts" }}
			queryKey={queryKey}
			read={(signal) => api.auth.getServiceAccount({ params }, { signal })}
		>
			{(account, onDeleted) => (
				<AccountPage
					account={account}
					name={account.name}
					noun="service account"
					queryKey={queryKey}
					state={<AccountState account={account} />}
					mayChange={permitted("service_accounts:write")}
					edit={(close) => <EditAccount account={account} onClose={close} />}
					setDisabled={(disabled) => api.auth.updateServiceAccount({ params, body: { disabled } })}
					disabling="Its API tokens are refused at once, until it is enabled again. Nothing is deleted."
					remove={() => api.auth.deleteServiceAccount({ params })}
					deleting="Its API tokens go with it, at once. What it did stays in the audit trail. To keep it out for a while, disable it instead."
					onDeleted={onDeleted}
					facts={<Facts account={account} />}
				>
					<AccountTokens account={account} />
				</AccountPage>
			)}
		</PageOfOne>
	);
}

function Facts({ account }: { account: ServiceAccount }) {
	const permitted = usePermitted();
	const { owner } = account;
	const about = (
		<>
			<dt>What it is for</dt>
			<dd>{visibleLine(account.description) || <span className="nc-dim">not given</span>}</dd>
		</>
	);
	return (
		<AccountFacts title="Service account" account={account} about={about} changes="What it changed">
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
		</AccountFacts>
	);
}
