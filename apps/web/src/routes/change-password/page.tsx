import { Button, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi, useRouter } from "@tanstack/react-router";
import { type FormEvent, useRef, useState } from "react";
import { useApi, useMe, useSession } from "../../api/context.tsx";
import { signInQuery } from "../../shell/sign-in-query.ts";
import { SmallPage } from "../../shell/small-page.tsx";
import { useSignOut } from "../../shell/use-sign-out.ts";
import { ButtonLink } from "../../ui/link.tsx";
import { PasswordField } from "../../ui/password-field.tsx";
import { fieldErrors, ProblemAlert, problemOf } from "../../ui/problem.tsx";
import { toastDone } from "../../ui/toast.tsx";

export const route = createLazyRoute("/signed-in/change-password")({ component: ChangePasswordPage });
const { useSearch } = getRouteApi("/signed-in/change-password");

function ChangePasswordPage() {
	useDocumentTitle("Change password · NetConductor");
	const { user } = useMe();
	return user.login_method === null ? <ChangePassword /> : <KeptElsewhere method={user.login_method} />;
}

/** For who signs in by a directory or an identity provider. */
function KeptElsewhere({ method }: { method: string }) {
	return (
		<SmallPage>
			<Title order={1}>Change password</Title>
			<Text size="sm" mt="md">
				Your password is kept elsewhere: you sign in by {visibleLine(method)}. Change it there; NetConductor never
				stores it.
			</Text>
			<ButtonLink to="/" variant="default" mt="md">
				Back to NetConductor
			</ButtonLink>
		</SmallPage>
	);
}

function ChangePassword() {
	const api = useApi();
	const session = useSession();
	const queries = useQueryClient();
	const router = useRouter();
	const { next } = useSearch();
	const { user } = useMe();
	const signOut = useSignOut();
	const [differs, setDiffers] = useState(false);
	const form = useRef<HTMLFormElement>(null);
	const least = useQuery(signInQuery(api)).data?.password_min_length;
	const focusOn = (name: string) => form.current?.querySelector<HTMLInputElement>(`input[name=${name}]`)?.select();
	const change = useMutation({
		mutationFn: (body: { current_password: string; new_password: string }) => api.auth.changePassword({ body }),
		onSuccess: async (pair) => {
			await session.begin(pair);
			queries.clear();
			toastDone("The password is changed");
			router.history.push(next ?? "/");
		},
		onError: (error) => focusOn(problemOf(error).code === "auth.bad_credentials" ? "current_password" : "new_password"),
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
		if (!same) return focusOn("again");
		change.mutate({ current_password: String(given.get("current_password")), new_password });
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
				<form onSubmit={submit} ref={form}>
					<Stack gap="md">
						{rest && <ProblemAlert error={change.error} />}
						<input type="text" name="username" autoComplete="username" value={user.username} readOnly hidden />
						<PasswordField
							name="current_password"
							label={user.must_change_password ? "One-time password" : "Current password"}
							autoComplete="current-password"
							required
							autoFocus
							error={at.current_password}
						/>
						<PasswordField
							name="new_password"
							label="New password"
							descriptionProps={{ component: "div" }}
							description={
								<PasswordRules username={visibleLine(user.username)} {...(least !== undefined && { least })} />
							}
							autoComplete="new-password"
							required
							error={at.new_password}
						/>
						<PasswordField
							name="again"
							label="New password again"
							autoComplete="new-password"
							required
							error={differs && "The two new passwords differ"}
						/>
						<Group justify="space-between">
							{user.must_change_password ? (
								<Button variant="subtle" color="gray" onClick={() => void signOut()}>
									Sign out
								</Button>
							) : (
								<Button
									variant="subtle"
									color="gray"
									onClick={() => (router.history.canGoBack() ? router.history.back() : router.history.push("/"))}
								>
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

/** What the server takes for a password. */
function PasswordRules({ username, least }: { username: string; least?: number }) {
	return (
		<ul className="nc-rules">
			<li>
				{least === undefined ? "Long enough: a sentence is" : `At least ${least} characters: a sentence is`} easiest to
				keep in mind
			</li>
			<li>Five different characters or more</li>
			<li>More than the user name {username}</li>
		</ul>
	);
}
