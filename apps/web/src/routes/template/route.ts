import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";
import { TemplateSearch } from "./search.ts";

export const templateRoute = createRoute({
	getParentRoute: () => framed,
	path: "/templates/$id",
	validateSearch: TemplateSearch,
	staticData: { needs: "templates:read" },
}).lazy(() => import("./page.tsx").then(({ route }) => route));
