import { Button, Group, Paper, PasswordInput, Stack, Text, Title } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi, useRouter } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { useApi, useMe, useSession } from "../../api/context.tsx";
import { SmallPage } from "../../shell/small-page.tsx";
import { fieldErrors, ProblemAlert } from "../../ui/problem.tsx";
import { toastDone } from "../../ui/toast.tsx";

export const route = createLazyRoute("/signed-in/change-password")({ component: ChangePasswordPage });
const { useSearch } = getRouteApi("/signed-in/change-password");

function ChangePasswordPage() {
	useDocumentTitle("Change password · NetConductor");
	const api = useApi();
	const session = useSession();
	const queries = useQueryClient();
	const router = useRouter();
	const { next } = useSearch();
	const { user } = useMe();
	const [differs, setDiffers] = useState(false);
	const change = useMutation({
		mutationFn: (body: { current_password: string; new_password: string }) => api.auth.changePassword({ body }),
		onSuccess: async (pair) => {
			await session.begin(pair);
			queries.clear();
			toastDone("The password is changed");
			router.history.push(next ?? "/");
		},
	});
	const { at, rest } = fieldErrors(change.error, ["current_password", "new_password"], {
		"auth.bad_credentials": "current_password",
		"auth.weak_password": "new_password",
	});

	function submit(event: FormEvent<HTMLFormElement>) {
		event.preventDefault();
		const given = new FormData(event.currentTarget);
		const new_password = String(given.get("new_password"));
		const same = new_password === given.get("again");
		setDiffers(!same);
		if (same) change.mutate({ current_password: String(given.get("current_password")), new_password });
	}

	async function signOut() {
		await api.auth.logout({}).catch(() => undefined);
		await session.end();
	}

	return (
		<SmallPage>
			<Title order={1}>{user.must_change_password ? "Choose a password of your own" : "Change password"}</Title>
			<Text size="sm" c="dimmed" mt={6}>
				{user.must_change_password
					? "The password you signed in with works once. Nothing else is open until you have chosen your own."
					: "Your other sessions will end."}
			</Text>
			<Paper className="nc-panel" p="lg" mt="md">
				<form onSubmit={submit}>
					<Stack gap="md">
						{rest && <ProblemAlert error={change.error} />}
						<input type="text" name="username" autoComplete="username" value={user.username} readOnly hidden />
						<PasswordInput
							name="current_password"
							label={user.must_change_password ? "One-time password" : "Current password"}
							autoComplete="current-password"
							required
							error={at.current_password}
						/>
						<PasswordInput
							name="new_password"
							label="New password"
							description="At least 12 characters; a sentence is easiest to keep in mind."
							autoComplete="new-password"
							required
							error={at.new_password}
						/>
						<PasswordInput
							name="again"
							label="New password again"
							autoComplete="new-password"
							required
							error={differs && "The two new passwords differ"}
						/>
						<Group justify="space-between">
							{user.must_change_password ? (
								<Button variant="subtle" color="gray" onClick={signOut}>
									Sign out
								</Button>
							) : (
								<Button variant="subtle" color="gray" onClick={() => router.history.back()}>
									Back
								</Button>
							)}
							<Button type="submit" size="sm" loading={change.isPending}>
								Change password
							</Button>
						</Group>
					</Stack>
				</form>
			</Paper>
		</SmallPage>
	);
}
