import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";
import { CompareSearch } from "./search.ts";

export const compareRoute = createRoute({
	getParentRoute: () => framed,
	path: "/backups/compare",
	validateSearch: CompareSearch,
	staticData: {
		needs: "backups:read",
		menu: { section: "Configurations", at: 1.5, label: "Compare", icon: "swap" },
	},
}).lazy(() => import("./page.tsx").then(({ route }) => route));
