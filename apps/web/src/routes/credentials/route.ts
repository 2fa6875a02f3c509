import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";
import { CredentialsSearch } from "./search.ts";

export const credentialsRoute = createRoute({
	getParentRoute: () => framed,
	path: "/credentials",
	validateSearch: CredentialsSearch,
	staticData: {
		needs: "credentials:read",
		menu: { section: "Inventory", at: 3, label: "Credentials", icon: "key", key: "c" },
	},
}).lazy(() => import("./page.tsx").then(({ route }) => route));
