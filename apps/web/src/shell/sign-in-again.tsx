import { Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { type FormEvent, useEffect, useState } from "react";
import { useApi, useMe, useSession } from "../api/context.tsx";
import { PasswordField } from "../ui/password-field.tsx";
import { SignInProblem, usePause } from "./sign-in-problem.tsx";
import { unsaved } from "./unsaved.ts";

/**
 * A session that ended while a form holds something unsaved: signing in happens over the page, so that nothing typed is lost. Without
 * anything unsaved the sign-in page is opened, as for every session that ends.
 */
export function SignInAgain() {
	const api = useApi();
	const session = useSession();
	const queries = useQueryClient();
	const router = useRouter();
	const { user } = useMe();
	const [opened, setOpened] = useState(false);
	useEffect(
		() =>
			session.onEnd(() => {
				if (unsaved.any()) return setOpened(true);
				queries.clear();
				const { pathname, href } = router.latestLocation;
				if (pathname !== "/login") void router.navigate({ to: "/login", search: { next: href } });
			}),
		[session, queries, router],
	);
	const signIn = useMutation({
		mutationFn: (body: { username: string; password: string }) => api.auth.login({ body }),
		onSuccess: async (pair) => {
			await session.begin(pair);
			setOpened(false);
			await queries.invalidateQueries();
		},
	});

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
		<Modal opened={opened} onClose={() => undefined} withCloseButton={false} title="Your session has ended" size="sm">
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
		</Modal>
	);
}
