import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";
import { MopsSearch } from "./search.ts";

export const mopsRoute = createRoute({
	getParentRoute: () => framed,
	path: "/mops",
	validateSearch: MopsSearch,
	staticData: {
		needs: "mops:read",
		menu: { section: "Change", at: 3, label: "Procedures", icon: "steps", key: "p" },
	},
}).lazy(() => import("./page.tsx").then(({ route }) => route));
