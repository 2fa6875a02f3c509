import { Stack, Text, Title } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import { createLazyRoute } from "@tanstack/react-router";
import { SmallPage } from "../../shell/small-page.tsx";
import { ButtonLink } from "../../ui/link.tsx";

export const route = createLazyRoute("/sign-in/done")({ component: SignInDonePage });

function SignInDonePage() {
	useDocumentTitle("Back to the other tab · NetConductor");
	return (
		<SmallPage>
			<Title order={1}>Back to the other tab</Title>
			<Stack gap="md" mt="md" align="flex-start">
				<Text size="sm">Close this one: what you filled in is still in the tab that you came from.</Text>
				<ButtonLink to="/" variant="default">
					To the start page
				</ButtonLink>
			</Stack>
		</SmallPage>
	);
}
