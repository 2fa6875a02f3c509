import { Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import type { TokenPair } from "@netconductor/contracts/auth/model";
import { asksForCode, type SecondFactorAsked } from "@netconductor/contracts/auth/second-factor";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useApi, useMe, useSession } from "../api/context.tsx";
import { PasswordField } from "../ui/password-field.tsx";
import { CodeForm } from "./code-form.tsx";
import { SignInProblem, usePause } from "./sign-in-problem.tsx";

/** Signs the same person in over the page that they were working on. */
export function SignInAgainForm({ onDone }: { onDone: () => void }) {
	const api = useApi();
	const session = useSession();
	const queries = useQueryClient();
	const { user } = useMe();
	const [asked, setAsked] = useState<SecondFactorAsked>();
	const signIn = useMutation({
		mutationFn: (body: { username: string; password: string }) => api.auth.login({ body }),
		onSuccess: (answer) => (asksForCode(answer) ? setAsked(answer) : goOn(answer)),
	});

	async function goOn(pair: TokenPair) {
		await session.begin(pair);
		onDone();
		await queries.invalidateQueries();
	}

	const pause = usePause(signIn.error);

	function submit(event: FormEvent<HTMLFormElement>) {
		event.preventDefault();
		signIn.mutate({ username: user.username, password: String(new FormData(event.currentTarget).get("password")) });
	}

	function leave() {
		queries.clear();
		// What is unsaved is given up on purpose: the page is left without asking once more.
		window.location.assign("/login");
	}

	return (
		<Modal opened onClose={() => undefined} withCloseButton={false} title="Your session has ended" size="sm">
			{asked !== undefined ? (
				<CodeForm asked={asked} onSignedIn={goOn} onBack={() => setAsked(undefined)} />
			) : (
				<form onSubmit={submit}>
					<Stack gap="sm">
						<Text size="sm">Sign in again to go on: what you filled in is still here.</Text>
						{signIn.isError && <SignInProblem error={signIn.error} pause={pause} />}
						<TextInput label="User name" value={visibleLine(user.username)} readOnly autoComplete="username" />
						<PasswordField name="password" label="Password" autoComplete="current-password" required data-autofocus />
						<Group justify="space-between">
							<Button variant="subtle" color="gray" onClick={leave}>
								Discard and leave
							</Button>
							<Button type="submit" loading={signIn.isPending} disabled={pause > 0}>
								Sign in
							</Button>
						</Group>
					</Stack>
				</form>
			)}
		</Modal>
	);
}
