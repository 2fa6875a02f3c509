import { Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import type { TokenPair } from "@netconductor/contracts/auth/model";
import { asksForCode, type SecondFactorAsked } from "@netconductor/contracts/auth/second-factor";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useEffect, useState } from "react";
import { useApi, useMe, useSession } from "../api/context.tsx";
import { takesPasskeys } from "../passkeys/browser.ts";
import { choosePasskey } from "../passkeys/choose-passkey.ts";
import { PasskeyProblem } from "../passkeys/passkey-problem.tsx";
import { Icon } from "../ui/icon.tsx";
import { Notice } from "../ui/notice.tsx";
import { PasswordField } from "../ui/password-field.tsx";
import { CodeForm } from "./code-form.tsx";
import { SignInProblem, usePause } from "./sign-in-problem.tsx";
import { signInQuery } from "./sign-in-query.ts";

/** Signs the same person in over the page that they were working on: here, or in another tab of this browser. */
export function SignInAgainForm({ onDone }: { onDone: () => void }) {
	const session = useSession();
	const queries = useQueryClient();
	const { user } = useMe();
	const { buttons = [] } = useQuery(signInQuery(useApi())).data ?? {};
	const provider = buttons.find(({ name }) => name === user.login_method);
	const [asked, setAsked] = useState<SecondFactorAsked>();
	const [isOther, setOther] = useState(false);

	function goOn() {
		onDone();
		void queries.invalidateQueries();
	}

	async function enter(pair: TokenPair) {
		if (pair.user.id !== user.id) {
			setOther(true);
			await session.turnAway(pair);
			return;
		}
		await session.begin(pair);
		goOn();
	}

	// biome-ignore lint/correctness/useExhaustiveDependencies: what there is to do is the same each time
	useEffect(
		() => session.onBegin((user_id) => (user_id === user.id ? goOn() : setOther(true))),
		[session, user.id, onDone],
	);

	function leave() {
		queries.clear();
		// What is unsaved is given up on purpose: the page is left without asking once more.
		window.location.assign("/login");
	}

	const discard = (
		<Button variant="subtle" color="gray" onClick={leave}>
			Discard and leave
		</Button>
	);
	return (
		<Modal opened onClose={() => undefined} withCloseButton={false} title="Your session has ended" size="sm">
			{asked !== undefined ? (
				<CodeForm asked={asked} onSignedIn={enter} onBack={() => setAsked(undefined)} />
			) : (
				<Stack gap="sm">
					<Text size="sm">Sign in again to go on: what you filled in is still here.</Text>
					{isOther && (
						<Notice tone="warn" icon="user" title="Somebody else signed in" role="alert">
							<div>This page is {visibleLine(user.username)}'s: sign in as the same person, or discard it.</div>
						</Notice>
					)}
					{provider === undefined ? (
						<OwnWays onAsked={setAsked} onSignedIn={enter} discard={discard} />
					) : (
						<>
							<Text size="sm">It happens in another tab. Come back to this one afterwards.</Text>
							<Group justify="space-between">
								{discard}
								<Button
									component="a"
									href="/login?next=%2Fsign-in%2Fdone"
									target="_blank"
									rel="noreferrer"
									leftSection={<Icon name="external" size={14} />}
									data-autofocus
								>
									{visibleLine(provider.label)}
								</Button>
							</Group>
						</>
					)}
				</Stack>
			)}
		</Modal>
	);
}

/** With what this installation checks itself or asks a directory: a password, or a passkey in its place. */
function OwnWays({
	onAsked,
	onSignedIn,
	discard,
}: {
	onAsked: (asked: SecondFactorAsked) => void;
	onSignedIn: (pair: TokenPair) => Promise<void>;
	discard: ReactNode;
}) {
	const api = useApi();
	const { user } = useMe();
	const { passkey_origin } = useQuery(signInQuery(api)).data ?? {};
	const signIn = useMutation({
		mutationFn: (body: { username: string; password: string }) => api.auth.login({ body }),
		onSuccess: (answer) => (asksForCode(answer) ? onAsked(answer) : onSignedIn(answer)),
	});
	const withPasskey = useMutation({
		mutationFn: async () => api.auth.signInWithPasskey({ body: await choosePasskey(api) }),
		onSuccess: onSignedIn,
	});
	const pause = usePause(signIn.error ?? withPasskey.error);

	function submit(event: FormEvent<HTMLFormElement>) {
		event.preventDefault();
		withPasskey.reset();
		signIn.mutate({ username: user.username, password: String(new FormData(event.currentTarget).get("password")) });
	}

	return (
		<form onSubmit={submit}>
			<Stack gap="sm">
				{signIn.isError && <SignInProblem error={signIn.error} pause={pause} />}
				{withPasskey.isError && <PasskeyProblem error={withPasskey.error} pause={pause} />}
				<TextInput label="User name" value={visibleLine(user.username)} readOnly autoComplete="username" />
				<PasswordField name="password" label="Password" autoComplete="current-password" required data-autofocus />
				{takesPasskeys(passkey_origin) && (
					<Button
						variant="default"
						leftSection={<Icon name="key" size={14} />}
						loading={withPasskey.isPending}
						disabled={pause > 0}
						onClick={() => {
							signIn.reset();
							withPasskey.mutate();
						}}
					>
						Sign in with a passkey
					</Button>
				)}
				<Group justify="space-between">
					{discard}
					<Button type="submit" loading={signIn.isPending} disabled={pause > 0}>
						Sign in
					</Button>
				</Group>
			</Stack>
		</form>
	);
}
