import { Button, Divider, Paper, Stack, Text, TextInput, Title } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import type { TokenPair } from "@netconductor/contracts/auth/model";
import type { GivenPasskey } from "@netconductor/contracts/auth/passkeys";
import { asksForCode, type SecondFactorAsked } from "@netconductor/contracts/auth/second-factor";
import { visibleLine, visibleText } from "@netconductor/contracts/kernel/visible-text";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi, useRouter } from "@tanstack/react-router";
import { type FormEvent, useRef, useState } from "react";
import { useApi, useSession } from "../../api/context.tsx";
import { takesPasskeys } from "../../passkeys/browser.ts";
import { choosePasskey } from "../../passkeys/choose-passkey.ts";
import { PasskeyProblem } from "../../passkeys/passkey-problem.tsx";
import { usePasskeyInField } from "../../passkeys/use-passkey-in-field.ts";
import { CodeForm } from "../../shell/code-form.tsx";
import { SignInProblem, usePause } from "../../shell/sign-in-problem.tsx";
import { signInQuery } from "../../shell/sign-in-query.ts";
import { SmallPage } from "../../shell/small-page.tsx";
import { Icon } from "../../ui/icon.tsx";
import { PasswordField } from "../../ui/password-field.tsx";

export const route = createLazyRoute("/login")({ component: SignInPage });
const { useRouteContext, useSearch } = getRouteApi("/login");

function SignInPage() {
	useDocumentTitle("Sign in · NetConductor");
	const api = useApi();
	const session = useSession();
	const queries = useQueryClient();
	const router = useRouter();
	const { next } = useSearch();
	const { signOn } = useRouteContext();
	const password = useRef<HTMLInputElement>(null);
	const { login_banner: banner = "", buttons = [], passkey_origin } = useQuery(signInQuery(api)).data ?? {};
	const offersPasskeys = takesPasskeys(passkey_origin);
	const [asked, setAsked] = useState<SecondFactorAsked>();
	const [isIn, setIn] = useState(false);
	const signIn = useMutation({
		mutationFn: (body: { username: string; password: string }) => api.auth.login({ body }),
		onSuccess: (answer) => (asksForCode(answer) ? setAsked(answer) : enter(answer)),
		onError: () => password.current?.select(),
	});
	const leave = useMutation({ mutationFn: (name: string) => signOn.begin(name, next), onMutate: () => signIn.reset() });
	const withPasskey = useMutation({
		mutationFn: async (given?: GivenPasskey) =>
			api.auth.signInWithPasskey({ body: given ?? (await choosePasskey(api)) }),
		onMutate: () => {
			signIn.reset();
			leave.reset();
		},
		onSuccess: enter,
		onError: () => askInField(),
	});
	const askInField = usePasskeyInField(offersPasskeys && asked === undefined && !isIn, withPasskey.mutate);
	const pause = usePause(signIn.error ?? withPasskey.error);

	async function enter(pair: TokenPair) {
		// Asked in the field until the next page is there, the browser might give a passkey once more, and its session would begin under that page.
		setIn(true);
		queries.clear();
		await session.begin(pair);
		router.history.push(next ?? "/");
	}

	function submit(event: FormEvent<HTMLFormElement>) {
		event.preventDefault();
		if (pause > 0) return;
		leave.reset();
		withPasskey.reset();
		const given = new FormData(event.currentTarget);
		signIn.mutate({ username: String(given.get("username")), password: String(given.get("password")) });
	}

	if (asked !== undefined) {
		return (
			<SmallPage>
				<Title order={1}>Sign in</Title>
				<Paper className="nc-panel" p="lg" mt="md">
					<CodeForm asked={asked} onSignedIn={enter} onBack={() => setAsked(undefined)} />
				</Paper>
			</SmallPage>
		);
	}
	return (
		<SmallPage>
			<Title order={1}>Sign in</Title>
			{banner !== "" && (
				<section className="nc-banner" aria-label="Notice of this installation">
					{visibleText(banner)}
				</section>
			)}
			<Paper className="nc-panel" p="lg" mt="md">
				<form onSubmit={submit}>
					<Stack gap="md">
						{signIn.isError && <SignInProblem error={signIn.error} pause={pause} />}
						{leave.isError && <SignInProblem error={leave.error} pause={0} />}
						{withPasskey.isError && <PasskeyProblem error={withPasskey.error} pause={pause} />}
						<TextInput
							name="username"
							label="User name"
							autoComplete="username webauthn"
							autoCapitalize="none"
							spellCheck={false}
							required
							autoFocus
							maxLength={64}
						/>
						<PasswordField ref={password} name="password" label="Password" autoComplete="current-password" required />
						<Button type="submit" size="sm" loading={signIn.isPending} disabled={pause > 0} fullWidth>
							{pause > 0 ? `Sign in (in ${pause} s)` : "Sign in"}
						</Button>
					</Stack>
				</form>
				{(buttons.length > 0 || offersPasskeys) && (
					<Stack gap="xs" mt="md">
						<Divider label="or" />
						{offersPasskeys && (
							<Button
								variant="default"
								size="sm"
								fullWidth
								leftSection={<Icon name="key" size={14} />}
								loading={withPasskey.isPending}
								disabled={pause > 0}
								onClick={() => withPasskey.mutate(undefined)}
							>
								Sign in with a passkey
							</Button>
						)}
						{buttons.map(({ name, label }) => (
							<Button
								key={name}
								variant="default"
								size="sm"
								fullWidth
								leftSection={<Icon name="external" size={14} />}
								loading={leave.isPending && leave.variables === name}
								disabled={leave.isPending}
								onClick={() => leave.mutate(name)}
							>
								{visibleLine(label)}
							</Button>
						))}
					</Stack>
				)}
			</Paper>
			<Text size="xs" c="dimmed" mt="md">
				First start? The server printed a one-time password for the user admin where it was started.
			</Text>
		</SmallPage>
	);
}
