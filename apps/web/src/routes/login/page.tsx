import { Button, Paper, PasswordInput, Stack, Text, TextInput, Title } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi, useRouter } from "@tanstack/react-router";
import { type FormEvent, useRef } from "react";
import { useApi, useSession } from "../../api/context.tsx";
import { SmallPage } from "../../shell/small-page.tsx";
import { ProblemAlert } from "../../ui/problem.tsx";

export const route = createLazyRoute("/login")({ component: SignInPage });
const { useSearch } = getRouteApi("/login");

function SignInPage() {
	useDocumentTitle("Sign in · NetConductor");
	const api = useApi();
	const session = useSession();
	const queries = useQueryClient();
	const router = useRouter();
	const { next } = useSearch();
	const password = useRef<HTMLInputElement>(null);
	const signIn = useMutation({
		mutationFn: (body: { username: string; password: string }) => api.auth.login({ body }),
		onSuccess: async (pair) => {
			queries.clear();
			await session.begin(pair);
			router.history.push(next ?? "/");
		},
		onError: () => password.current?.select(),
	});

	function submit(event: FormEvent<HTMLFormElement>) {
		event.preventDefault();
		const given = new FormData(event.currentTarget);
		signIn.mutate({ username: String(given.get("username")), password: String(given.get("password")) });
	}

	return (
		<SmallPage>
			<Title order={1}>Sign in</Title>
			<Paper className="nc-panel" p="lg" mt="md">
				<form onSubmit={submit}>
					<Stack gap="md">
						{signIn.isError && <ProblemAlert error={signIn.error} />}
						<TextInput name="username" label="User name" autoComplete="username" required autoFocus maxLength={64} />
						<PasswordInput
							ref={password}
							name="password"
							label="Password"
							autoComplete="current-password"
							required
							maxLength={256}
						/>
						<Button type="submit" size="sm" loading={signIn.isPending} fullWidth>
							Sign in
						</Button>
					</Stack>
				</form>
			</Paper>
			<Text size="xs" c="dimmed" mt="md">
				First start? The server printed a one-time password for the user admin where it was started.
			</Text>
		</SmallPage>
	);
}
