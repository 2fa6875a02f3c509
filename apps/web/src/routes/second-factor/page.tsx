import { Button, Text } from "@mantine/core";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useQuery } from "@tanstack/react-query";
import { createLazyRoute } from "@tanstack/react-router";
import { useState } from "react";
import { useApi, useMe } from "../../api/context.tsx";
import { Empty } from "../../ui/empty.tsx";
import { Icon } from "../../ui/icon.tsx";
import { ButtonLink } from "../../ui/link.tsx";
import { NotLoaded } from "../../ui/not-loaded.tsx";
import { Page, Panel } from "../../ui/page.tsx";
import { Ago, Moment } from "../../ui/time.tsx";
import { AddFactor } from "./add-factor.tsx";
import { NewRecoveryCodes } from "./new-recovery-codes.tsx";
import { ownFactorsQuery } from "./own-factors-query.ts";
import { PasskeysPanel } from "./passkeys-panel.tsx";
import { RemoveFactor } from "./remove-factor.tsx";

export const route = createLazyRoute("/signed-in/framed/second-factor")({ component: SecondFactorPage });

/** One's own second factors. */
function SecondFactorPage() {
	const api = useApi();
	const { user } = useMe();
	const [doing, setDoing] = useState<"add" | "codes" | "remove">();
	const stop = () => setDoing(undefined);
	const { data: own, error, refetch } = useQuery(ownFactorsQuery(api));
	if (own === undefined) {
		return (
			<NotLoaded
				title="Second factor"
				query={{ error, refetch }}
				wayOut={
					<ButtonLink to="/" variant="default">
						Back to NetConductor
					</ButtonLink>
				}
			/>
		);
	}
	const [factor] = own.factors;
	const { passkeys } = own;
	const hasAny = factor !== undefined || passkeys.length > 0;
	return (
		<Page title="Second factor">
			{user.login_method !== null ? (
				<section className="nc-panel" aria-label="Kept elsewhere">
					<Empty title={`You sign in by ${visibleLine(user.login_method)}`}>
						A second factor is set up there, not here.
					</Empty>
				</section>
			) : (
				<>
					{!hasAny && (
						<Text c="dimmed">
							Your password is enough to sign in as you. With a second factor, whoever learns it needs more than that.
						</Text>
					)}
					<PasskeysPanel passkeys={passkeys} hasApp={factor !== undefined} />
					<Panel
						title="Authenticator app"
						actions={
							factor === undefined ? (
								<Button variant="default" leftSection={<Icon name="plus" size={14} />} onClick={() => setDoing("add")}>
									Add an authenticator app
								</Button>
							) : (
								<Button
									variant="default"
									leftSection={<Icon name="trash" size={14} />}
									onClick={() => setDoing("remove")}
								>
									Remove the app
								</Button>
							)
						}
					>
						{factor === undefined ? (
							<Text size="sm" c="dimmed" className="nc-panel-body">
								None. An app on your phone shows codes that are asked for after your password.
							</Text>
						) : (
							<dl className="nc-facts nc-panel-body">
								<dt>Since</dt>
								<dd>
									<Moment at={factor.created_at} />
								</dd>
								<dt>Last used</dt>
								<dd>{factor.last_used_at === null ? "never" : <Ago at={factor.last_used_at} />}</dd>
							</dl>
						)}
					</Panel>
					{hasAny && (
						<Panel
							title="Recovery codes"
							actions={
								<Button variant="default" leftSection={<Icon name="key" size={14} />} onClick={() => setDoing("codes")}>
									New recovery codes
								</Button>
							}
						>
							<dl className="nc-facts nc-panel-body">
								<dt>Unused</dt>
								<dd>{own.recovery_codes_left} of 10 left</dd>
							</dl>
						</Panel>
					)}
				</>
			)}
			{doing === "add" && <AddFactor onClose={stop} />}
			{doing === "codes" && <NewRecoveryCodes onClose={stop} />}
			{doing === "remove" && factor !== undefined && (
				<RemoveFactor id={factor.id} isLast={passkeys.length === 0} onClose={stop} />
			)}
		</Page>
	);
}
