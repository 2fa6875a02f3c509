import { Paper, Text, Title } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import { useQueryClient } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi, useRouter } from "@tanstack/react-router";
import { SmallPage } from "../../shell/small-page.tsx";
import { useSignOut } from "../../shell/use-sign-out.ts";
import { toastDone } from "../../ui/toast.tsx";
import { FactorSteps } from "../second-factor/factor-steps.tsx";

export const route = createLazyRoute("/signed-in/add-second-factor")({ component: AddSecondFactorPage });
const { useSearch } = getRouteApi("/signed-in/add-second-factor");

/** For who has to add a second factor before anything else is open to them. */
function AddSecondFactorPage() {
	useDocumentTitle("Add a second factor · NetConductor");
	const queries = useQueryClient();
	const router = useRouter();
	const { next } = useSearch();
	const signOut = useSignOut();

	function goOn() {
		queries.clear();
		toastDone("The second factor is added");
		router.history.push(next ?? "/");
	}

	return (
		<SmallPage>
			<Title order={1}>Add a second factor</Title>
			<Text size="sm" c="dimmed" mt={6}>
				This installation asks for a code of an authenticator app beside the password. Nothing else is open until you
				have added yours.
			</Text>
			<Paper className="nc-panel" p="lg" mt="md">
				<FactorSteps leave="Sign out" onLeave={() => void signOut()} onDone={goOn} />
			</Paper>
		</SmallPage>
	);
}
