import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";
import { StackTemplatesSearch } from "./search.ts";

export const stackTemplatesRoute = createRoute({
	getParentRoute: () => framed,
	path: "/stack-templates",
	validateSearch: StackTemplatesSearch,
	staticData: { needs: "stacks:read" },
}).lazy(() => import("./page.tsx").then(({ route }) => route));
