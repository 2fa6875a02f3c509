import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";
import { comparisonQuery } from "./comparison-query.ts";
import { CompareSearch } from "./search.ts";

export const compareRoute = createRoute({
	getParentRoute: () => framed,
	path: "/backups/compare",
	validateSearch: CompareSearch,
	loaderDeps: ({ search: { from, to, mode, form, context } }) => ({ from, to, mode, form, context }),
	// Asked while the page's code is on its way. Not while a mouse merely passes over a link: texts may be large.
	loader: ({ context: { api, queries }, deps, cause }) => {
		if (deps.to !== undefined && cause === "enter") void queries.prefetchQuery(comparisonQuery(api, deps));
	},
	staticData: {
		needs: "backups:read",
		menu: { section: "Configurations", at: 1.5, label: "Compare", icon: "swap" },
	},
}).lazy(() => import("./page.tsx").then(({ route }) => route));
