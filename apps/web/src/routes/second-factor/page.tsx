import { Button, Group } from "@mantine/core";
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
import { RemoveFactor } from "./remove-factor.tsx";

export const route = createLazyRoute("/signed-in/framed/second-factor")({ component: SecondFactorPage });

/** One's own second factor. */
function SecondFactorPage() {
	const api = useApi();
	const { user } = useMe();
	const [doing, setDoing] = useState<"add" | "codes" | "remove">();
	const stop = () => setDoing(undefined);
	const {
		data: own,
		error,
		refetch,
	} = useQuery({
		queryKey: ["me", "second-factors"],
		queryFn: ({ signal }) => api.auth.listMySecondFactors({}, { signal }),
	});
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
	const add = (
		<Button leftSection={<Icon name="plus" size={14} />} onClick={() => setDoing("add")}>
			Add a second factor
		</Button>
	);
	return (
		<Page title="Second factor">
			{user.login_method !== null ? (
				<section className="nc-panel" aria-label="Kept elsewhere">
					<Empty title={`You sign in by ${visibleLine(user.login_method)}`}>
						A second factor is set up there, not here.
					</Empty>
				</section>
			) : factor === undefined ? (
				<section className="nc-panel" aria-label="No second factor yet">
					<Empty title="Your password is enough to sign in as you" actions={add}>
						With a second factor, whoever learns your password still needs a code from an app on your phone.
					</Empty>
				</section>
			) : (
				<Panel title="Codes of an authenticator app">
					<dl className="nc-facts nc-panel-body">
						<dt>Since</dt>
						<dd>
							<Moment at={factor.created_at} />
						</dd>
						<dt>Last used</dt>
						<dd>{factor.last_used_at === null ? "never" : <Ago at={factor.last_used_at} />}</dd>
						<dt>Recovery codes</dt>
						<dd>{own.recovery_codes_left} of 10 left</dd>
					</dl>
					<Group gap="xs" className="nc-panel-body">
						<Button variant="default" leftSection={<Icon name="key" size={14} />} onClick={() => setDoing("codes")}>
							New recovery codes
						</Button>
						<Button variant="default" leftSection={<Icon name="trash" size={14} />} onClick={() => setDoing("remove")}>
							Remove
						</Button>
					</Group>
				</Panel>
			)}
			{doing === "add" && <AddFactor onClose={stop} />}
			{doing === "codes" && <NewRecoveryCodes onClose={stop} />}
			{doing === "remove" && factor !== undefined && <RemoveFactor id={factor.id} onClose={stop} />}
		</Page>
	);
}
