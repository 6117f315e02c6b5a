/** Every benchmark, one after another: `npm run bench`, or `npm run bench -- memory overhead` for some. */
const ALL = ['memory', 'overhead', 'encoder', 'fit'];

const wanted = process.argv.slice(2);
for (const name of wanted.length > 0 ? wanted : ALL) {
  if (!ALL.includes(name)) throw new Error(`there is no benchmark ${name}; there are ${ALL.join(', ')}`);
  await import(`./${name}.js`);
  console.log();
}
