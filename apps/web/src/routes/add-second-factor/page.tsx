import { Button, Paper, Text, Title } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi, useRouter } from "@tanstack/react-router";
import { useState } from "react";
import { useApi } from "../../api/context.tsx";
import { takesPasskeys } from "../../passkeys/browser.ts";
import { signInQuery } from "../../shell/sign-in-query.ts";
import { SmallPage } from "../../shell/small-page.tsx";
import { useSignOut } from "../../shell/use-sign-out.ts";
import { Icon } from "../../ui/icon.tsx";
import { toastDone } from "../../ui/toast.tsx";
import { FactorSteps } from "../second-factor/factor-steps.tsx";
import { PasskeySteps } from "../second-factor/passkey-steps.tsx";

export const route = createLazyRoute("/signed-in/add-second-factor")({ component: AddSecondFactorPage });
const { useSearch } = getRouteApi("/signed-in/add-second-factor");

/** For who has to add a second factor before anything else is open to them. */
function AddSecondFactorPage() {
	useDocumentTitle("Add a second factor · NetConductor");
	const api = useApi();
	const queries = useQueryClient();
	const router = useRouter();
	const { next } = useSearch();
	const signOut = useSignOut();
	const [kind, setKind] = useState<"app" | "passkey">("app");
	const [shown, setShown] = useState(false);
	const offersPasskeys = takesPasskeys(useQuery(signInQuery(api)).data?.passkey_origin);

	function goOn() {
		queries.clear();
		toastDone("The second factor is added");
		router.history.push(next ?? "/");
	}

	const steps = { leave: "Sign out", onLeave: () => void signOut(), onCodes: () => setShown(true), onDone: goOn };
	return (
		<SmallPage>
			<Title order={1}>Add a second factor</Title>
			<Text size="sm" c="dimmed" mt={6}>
				{kind === "app"
					? "This installation asks for a code of an authenticator app beside the password."
					: "This installation asks for more than the password. A passkey is a key that your device gives once it has recognised you."}{" "}
				Nothing else is open until you have added yours.
			</Text>
			<Paper className="nc-panel" p="lg" mt="md">
				{kind === "app" ? <FactorSteps {...steps} /> : <PasskeySteps {...steps} />}
			</Paper>
			{offersPasskeys && !shown && (
				<Button
					variant="subtle"
					mt="sm"
					leftSection={<Icon name="swap" size={14} />}
					onClick={() => setKind(kind === "app" ? "passkey" : "app")}
				>
					{kind === "app" ? "Add a passkey instead" : "Add an authenticator app instead"}
				</Button>
			)}
		</SmallPage>
	);
}
