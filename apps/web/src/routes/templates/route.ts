import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";
import { TemplatesSearch } from "./search.ts";

export const templatesRoute = createRoute({
	getParentRoute: () => framed,
	path: "/templates",
	validateSearch: TemplatesSearch,
	staticData: {
		needs: "templates:read",
		menu: { section: "Change", at: 1, label: "Templates", icon: "book", key: "m" },
	},
}).lazy(() => import("./page.tsx").then(({ route }) => route));
