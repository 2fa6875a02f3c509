import { type ResolveFnOutput, registerHooks } from "node:module";

/**
 * Imported before drizzle-orm, it halves what a process needs to load our code. For every file of a package Node parses the `exports` of its
 * package.json anew (`getPackageScopeConfig` in lib/internal/modules/package_json_reader.js); drizzle-orm lists 178 kB of them and has
 * hundreds of small files. Its own relative imports are what they say, and from outside it is one package: neither needs that list twice.
 */
const inside = "/node_modules/drizzle-orm/";
const known = new Map<string, ResolveFnOutput>();

registerHooks({
	resolve(specifier, context, next) {
		const { parentURL } = context;
		if (parentURL?.includes(inside) && /^\.\.?\/.*\.js$/.test(specifier)) {
			return { url: new URL(specifier, parentURL).href, format: "module", shortCircuit: true };
		}
		// By `require` it is other files.
		if (!/^drizzle-orm(\/|$)/.test(specifier) || !context.conditions.includes("import"))
			return next(specifier, context);
		const found = known.get(specifier) ?? next(specifier, context);
		known.set(specifier, found);
		return { ...found, shortCircuit: true };
	},
});
