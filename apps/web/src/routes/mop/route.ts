import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";
import { MopSearch } from "./search.ts";

export const mopRoute = createRoute({
	getParentRoute: () => framed,
	path: "/mops/$id",
	validateSearch: MopSearch,
	staticData: { needs: "mops:read" },
}).lazy(() => import("./page.tsx").then(({ route }) => route));
