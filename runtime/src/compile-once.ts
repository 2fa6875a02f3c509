/**
 * Wraps an expensive, pure `compile` so that equal definitions are compiled once. Definitions arrive as fresh copies (over the wire, out of
 * the database), so equality is by content. At most `max` results are kept; the one unused for longest goes first.
 */
export function compileOnce<D extends object, C>(compile: (definition: D) => C, max = 200): (definition: D) => C {
	const byObject = new WeakMap<D, C>();
	const byContent = new Map<string, C>();
	return (definition) => {
		const known = byObject.get(definition);
		if (known !== undefined) return known;
		const content = JSON.stringify(definition);
		let compiled = byContent.get(content);
		if (compiled === undefined) compiled = compile(definition);
		else byContent.delete(content);
		byContent.set(content, compiled);
		const [oldest] = byContent.keys();
		if (byContent.size > max && oldest !== undefined) byContent.delete(oldest);
		byObject.set(definition, compiled);
		return compiled;
	};
}
