import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";
import { ConfigSearchParams } from "./search.ts";

export const searchRoute = createRoute({
	getParentRoute: () => framed,
	path: "/search",
	validateSearch: ConfigSearchParams,
	staticData: {
		needs: "backups:read",
		menu: { section: "Configurations", at: 2, label: "Search", icon: "search", key: "s" },
	},
}).lazy(() => import("./page.tsx").then(({ route }) => route));
