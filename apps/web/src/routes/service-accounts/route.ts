import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";
import { ServiceAccountsSearch } from "./search.ts";

export const serviceAccountsRoute = createRoute({
	getParentRoute: () => framed,
	path: "/service-accounts",
	validateSearch: ServiceAccountsSearch,
	staticData: {
		needs: "service_accounts:read",
		menu: { section: "Administration", at: 2, label: "Service accounts", icon: "chip" },
	},
}).lazy(() => import("./page.tsx").then(({ route }) => route));
