import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";
import { CoverageSearch } from "./search.ts";

export const coverageRoute = createRoute({
	getParentRoute: () => framed,
	path: "/backups/coverage",
	validateSearch: CoverageSearch,
	staticData: { needs: "backups:read" },
}).lazy(() => import("./page.tsx").then(({ route }) => route));
