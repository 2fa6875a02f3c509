import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";
import { RunSearch } from "./search.ts";

export const runRoute = createRoute({
	getParentRoute: () => framed,
	path: "/runs/$id",
	validateSearch: RunSearch,
	staticData: { needs: "runs:read" },
}).lazy(() => import("./page.tsx").then(({ route }) => route));
