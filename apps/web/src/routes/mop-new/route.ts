import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";
import { NewMopSearch } from "./search.ts";

export const newMopRoute = createRoute({
	getParentRoute: () => framed,
	path: "/mops/new",
	validateSearch: NewMopSearch,
	staticData: { needs: "mops:write" },
}).lazy(() => import("./page.tsx").then(({ route }) => route));
