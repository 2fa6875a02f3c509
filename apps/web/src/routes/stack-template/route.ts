import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";
import { StackTemplateSearch } from "./search.ts";

export const stackTemplateRoute = createRoute({
	getParentRoute: () => framed,
	path: "/stack-templates/$id",
	validateSearch: StackTemplateSearch,
	staticData: { needs: "stacks:read" },
}).lazy(() => import("./page.tsx").then(({ route }) => route));
