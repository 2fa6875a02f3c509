import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";
import { StackSearch } from "./search.ts";

export const stackRoute = createRoute({
	getParentRoute: () => framed,
	path: "/stacks/$id",
	validateSearch: StackSearch,
	staticData: { needs: "stacks:read" },
}).lazy(() => import("./page.tsx").then(({ route }) => route));
