import { Button, Checkbox, Group, NumberInput, SimpleGrid, Text, Textarea } from "@mantine/core";
import { type Settings, SettingsChange } from "@netconductor/contracts/auth/model";
import { visibleText } from "@netconductor/contracts/kernel/visible-text";
import { useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { useEffect } from "react";
import type { z } from "zod";
import { meQuery, useApi, usePermitted } from "../../api/context.tsx";
import { useContractForm } from "../../ui/form/use-contract-form.ts";
import { Panel } from "../../ui/page.tsx";
import { ProblemAlert } from "../../ui/problem.tsx";
import { toastDone } from "../../ui/toast.tsx";
import styles from "./settings.module.css";

/** The names of the fields are the API's, so that what it does not take stands beside them. An emptied number is an empty text. */
function valuesOf(settings: Settings) {
	const { access_token_seconds, session_idle_hours, token_unconfirmed_hours, password_min_length } = settings;
	const { require_second_factor, login_banner } = settings;
	return {
		access_token_seconds: access_token_seconds as number | string,
		session_idle_hours: session_idle_hours as number | string,
		token_unconfirmed_hours: token_unconfirmed_hours as number | string,
		password_min_length: password_min_length as number | string,
		require_second_factor,
		login_banner,
	};
}

/** Sessions, passwords and the banner; what somebody else saves meanwhile shows unless something is being changed here. */
export function SettingsForm({ settings }: { settings: Settings }) {
	const api = useApi();
	const queries = useQueryClient();
	const router = useRouter();
	const mayWrite = usePermitted()("settings:write");
	const form = useContractForm({
		initial: valuesOf(settings),
		schema: SettingsChange,
		toBody: (values): z.input<typeof SettingsChange> => ({
			access_token_seconds: numberOf(values.access_token_seconds),
			session_idle_hours: numberOf(values.session_idle_hours),
			token_unconfirmed_hours: numberOf(values.token_unconfirmed_hours),
			password_min_length: numberOf(values.password_min_length),
			require_second_factor: values.require_second_factor,
			login_banner: values.login_banner,
		}),
		send: (body) => api.auth.updateSettings({ body }),
		onDone: (saved) => {
			queries.setQueryData(["settings"], saved);
			toastDone("The settings are saved");
			// Who asks for a second factor may be the first who has none: their way leads there now.
			if (saved.require_second_factor) void queries.invalidateQueries(meQuery(api)).then(() => router.invalidate());
		},
	});
	const { dirty } = form;
	const { setInitialValues, setValues } = form.form;
	// biome-ignore lint/correctness/useExhaustiveDependencies: the form takes over what was saved elsewhere, once each time
	useEffect(() => {
		if (dirty) return;
		setInitialValues(valuesOf(settings));
		setValues(valuesOf(settings));
	}, [settings]);
	const { login_banner } = form.form.values;

	return (
		<form onSubmit={form.submit} noValidate aria-label="Settings">
			<Panel title="Signing in">
				<fieldset disabled={!mayWrite} style={{ border: 0, margin: 0, padding: 0 }}>
					<div className={styles.fields}>
						{form.problem !== undefined && <ProblemAlert error={form.problem} />}
						<SimpleGrid cols={{ base: 1, sm: 2 }} spacing="md">
							<NumberInput
								label="An idle session ends after"
								description="1 to 720 hours without any use"
								suffix=" hours"
								allowDecimal={false}
								allowNegative={false}
								{...form.field("session_idle_hours")}
							/>
							<NumberInput
								label="An access token lives for"
								description="60 to 3,600 seconds; pages renew theirs"
								suffix=" seconds"
								allowDecimal={false}
								allowNegative={false}
								{...form.field("access_token_seconds")}
							/>
							<NumberInput
								label="API tokens rest after"
								description="1 to 168 hours since their owner signed in, where nobody can be asked whether they are still there"
								suffix=" hours"
								allowDecimal={false}
								allowNegative={false}
								{...form.field("token_unconfirmed_hours")}
							/>
							<NumberInput
								label="Shortest password"
								description="12 to 64, for passwords set from now on"
								suffix=" characters"
								allowDecimal={false}
								allowNegative={false}
								{...form.field("password_min_length")}
							/>
						</SimpleGrid>
						<Checkbox
							label="Ask local users for a second factor"
							description="Who has none adds one before anything else is open to them, who is signed in now too. API tokens go on."
							{...form.field("require_second_factor", { type: "checkbox" })}
						/>
						<Textarea
							label="Sign-in banner"
							description="Stands above the sign-in form, for everybody to read before they sign in. At most 2,000 characters, plain text."
							autosize
							minRows={3}
							maxRows={14}
							maxLength={2000}
							{...form.field("login_banner")}
						/>
						<div>
							<Text size="sm" fw={500} mb={4}>
								As it will look
							</Text>
							{login_banner.trim() === "" ? (
								<Text size="sm" c="dimmed">
									No banner
								</Text>
							) : (
								<section className={styles.banner} aria-label="Preview of the banner">
									{visibleText(login_banner)}
								</section>
							)}
						</div>
					</div>
				</fieldset>
				{mayWrite && (
					<div className={styles.saving}>
						<span className="nc-small nc-dim" aria-live="polite">
							{dirty ? "Not saved yet" : "Everything is saved"}
						</span>
						<Group gap="xs">
							<Button variant="default" disabled={!dirty} onClick={form.reset}>
								Discard
							</Button>
							<Button type="submit" disabled={!dirty} loading={form.saving}>
								Save settings
							</Button>
						</Group>
					</div>
				)}
			</Panel>
		</form>
	);
}

/** What is left empty is for the contract to refuse. */
function numberOf(given: number | string): number {
	return given === "" ? Number.NaN : Number(given);
}
