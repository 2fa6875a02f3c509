import { Group, Loader, Stack, Text, Title } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi, useRouter } from "@tanstack/react-router";
import { useEffect } from "react";
import { useSession } from "../../api/context.tsx";
import { NothingToFinish } from "../../api/single-sign-on.ts";
import { SignInProblem, usePause } from "../../shell/sign-in-problem.tsx";
import { SmallPage } from "../../shell/small-page.tsx";
import { ButtonLink } from "../../ui/link.tsx";

export const route = createLazyRoute("/sign-in/callback")({ component: SignInCallbackPage });
const { useRouteContext } = getRouteApi("/sign-in/callback");

function SignInCallbackPage() {
	useDocumentTitle("Sign in · NetConductor");
	const { signOn } = useRouteContext();
	const session = useSession();
	const queries = useQueryClient();
	const router = useRouter();
	const { mutate, error } = useMutation({
		mutationFn: () => signOn.finish(),
		onSuccess: async ({ pair, next }) => {
			queries.clear();
			await session.begin(pair);
			router.history.replace(next);
		},
	});
	useEffect(() => mutate(), [mutate]);
	const pause = usePause(error);

	return (
		<SmallPage>
			<Title order={1}>{error === null ? "Signing in" : "Not signed in"}</Title>
			{error === null ? (
				<Group gap="sm" mt="md" role="status">
					<Loader size="xs" aria-hidden="true" />
					<Text size="sm">Asking who you are…</Text>
				</Group>
			) : (
				<Stack gap="md" mt="md" align="flex-start">
					{error instanceof NothingToFinish ? (
						<Text size="sm">
							Nothing is left to finish here: the page was loaded again, or signing in was begun in another tab.
						</Text>
					) : (
						<SignInProblem error={error} pause={pause} />
					)}
					<ButtonLink to="/login">Back to the sign-in page</ButtonLink>
				</Stack>
			)}
		</SmallPage>
	);
}
