export const id=1530;export const ids=[1530];export const modules={63021:(e,t,n)=>{n.d(t,{e:()=>summaryMarkdown});var o=n(12936);var s=n(91687);var r=n(40819);var a=n(37470);var i=n(69421);var d=n(60975);const c=1e6;const l=[{layerRows:1e3,rows:50},{layerRows:100,rows:20},{layerRows:0,rows:10},{layerRows:0,rows:3},undefined];const u=l.length-1;function summaryMarkdown(e,t={}){const n=t.limit??c;const o=(0,d.md)(e.models);const s=[`## ${sign(e)} ${(0,d.Pl)(e,i.UU)}`,overview(e),runFindings(e)];const r=o.map(modelRow);const a=shortened(t);const l=fitDetails(e,o,n-bytes([...s,modelTable(r),a].join("\n\n"))-2);if(l!==undefined){const e=l.levels.every(e=>e===0);return assemble([...s,modelTable(r),...e?[]:[a],...l.texts])}return assemble([...s,fitRows(o,r,n-bytes([...s,a].join("\n\n"))-200),a])}function assemble(e){return`${e.filter(e=>e!=="").join("\n\n")}
`}function bytes(e){return Buffer.byteLength(e)}function sign(e){if(e.models.some(d.DI))return d.B2.mismatch;return e.models.length>0&&e.models.every(e=>e.status==="pass")?d.B2.pass:d.B2.unverified}function overview(e){const{totals:t}=e;const n=(0,d.A)(e);const s=n===undefined?"":(0,o.wD)(n);if(e.models.length===0)return s;const a=[(0,r.hS)(t.models,"model"),`${(0,r.Ej)(t.bytesIn)} of ONNX in`,`${(0,r.Ej)(t.bytesOut)} out`];if(e.timings?.total!==undefined)a.push((0,r.p0)(e.timings.total));if(s!=="")a.push(s);return`${a.join(" \xb7 ")} \xb7 ${(0,o.wD)(`${e.tool.name} ${e.tool.version}`)}`}function runFindings(e){const t=(0,a.k)(e.diagnostics??[]);return t.slice(0,20).map(e=>(0,i.NK)(e,undefined,10)).join("\n").trimEnd()}const f=["","Model","Verdict","Format","Error, of what is allowed","ONNX","Written","Opset","Time"];const p=["-","-","-","-","-","-:","-:","-:","-:"];function modelTable(e){return e.length===0?"":(0,i.tp)(f,p,e)}function modelRow(e){const t=(0,d.cZ)(e);const n=e.artefacts.reduce((e,t)=>e+t.bytes,0);return[(0,d.rL)(e),(0,i.UU)((0,d.pS)(e)),`${(0,d.o7)(e)}${warnings(e)}`,e.format??"–",t?.used===undefined?"–":`\`${(0,s.M)(t.used)}\` ${(0,r.uM)(t.used)}`,e.source===undefined?"–":(0,r.Ej)(e.source.bytes),e.artefacts.length===0?"–":(0,r.Ej)(n),e.source?.opsets===undefined?"–":(0,i.jC)(e.source.opsets),e.timings.total===undefined?"–":(0,r.p0)(e.timings.total)]}function warnings(e){const t=e.diagnostics.filter(e=>e.severity==="warning").length;return t===0?"":`, ${(0,r.hS)(t,"warning")}`}function fitDetails(e,t,n){if(n<0)return undefined;const o=t.filter(d.DI).length;const text=(n,s)=>{const r=l[s];const a=o<=3&&(0,d.DI)(t[n]);return r===undefined?"":(0,i.Ep)(e,t[n],r,a)};const s=t.map(()=>0);const r=t.map((e,t)=>text(t,0));const a=r.map(e=>bytes(e)+2);let c=a.reduce((e,t)=>e+t,0);for(const[e,o]of m){const i=t.flatMap((t,n)=>(0,d.DI)(t)===e?[n]:[]);i.sort((e,t)=>a[t]-a[e]||t-e);for(const e of i){if(c<=n)return{texts:r,levels:s};s[e]=o;r[e]=text(e,o);c-=a[e];a[e]=r[e]===""?0:bytes(r[e])+2;c+=a[e]}}return c<=n?{texts:r,levels:s}:undefined}const m=[[false,1],[false,2],[true,1],[false,3],[true,2],[false,u],[true,3],[true,u]];function fitRows(e,t,n){let o=bytes(modelTable([])+(0,i.tp)(f,p,[]));let s=0;for(;s<t.length;s++){o+=bytes((0,i.tp)([],[],[t[s]]));if(o>n)break}const a=e.slice(s);const c=Object.keys(d.ly).flatMap(e=>{const t=a.filter(t=>t.status===e);const n=t.filter(d.$y).length;const o=n===0?"":` (${(0,r.U9)(n)} waived)`;return t.length===0?[]:[`${(0,r.U9)(t.length)} ${d.ly[e]}${o}`]});return`${modelTable(t.slice(0,s))}

… and ${(0,r.hS)(a.length,"model")} more: ${c.join(", ")}.`}function shortened({artifactUrl:e}){const t=e!==undefined&&/^https:\/\/[A-Za-z0-9./_~:?=&%-]+$/.test(e);return`_Shortened to stay within GitHub's limit: the whole report is \`report/index.html\` and \`report/report.json\` in ${t?`[the artifact](${e})`:"the output folder and the artifact"}._`}},21530:(e,t,n)=>{n.r(t);n.d(t,{writeReports:()=>writeReports});var o=n(76760);var s=n(35975);var r=n(91986);var a=n(77598);var i=n(40819);function drawnNets(e,t,n,o){const isMarked=e=>e.onnx.some(e=>o.has(e));const s=e.nodes.length<=n?singles(e):runs(e,n,isMarked);const r=new Map;e.nodes.forEach((e,t)=>{for(const n of e.onnx)r.set(n,s[t])});const a=t===undefined||t.nodes.length<=n?t&&singles(t):t.nodes.map((e,t)=>r.get(e.onnx.at(-1)??-1)??-1-t);return{source:quotient(e,s,isMarked),written:t&&a&&quotient(t,a,isMarked)}}const singles=e=>e.nodes.map((e,t)=>t);function runs(e,t,n){const o=e.nodes.flatMap((e,t)=>e.kind==="node"?[t]:[]);const s=new Map(o.map((e,t)=>[e,t]));const r=crossings(e,s,o.length);const a=Math.ceil(2*o.length/t);const i=e.nodes.map((e,t)=>-1-t);let d=0;for(let t=0;d<o.length;t++){const s=endOfRun(d,o,e,r,a,n);for(let e=d;e<s;e++)i[o[e]]=t;d=s}return i}function crossings(e,t,n){const o=new Map;for(const[n,s]of e.edges){const[e,r]=[t.get(n),t.get(s)];if(e!==undefined&&r!==undefined)o.set(e,Math.max(o.get(e)??e,r))}const s=new Int32Array(n+1);for(const[e,t]of o){s[e]=s[e]+1;s[t]=s[t]-1}for(let e=1;e<=n;e++)s[e]=s[e]+s[e-1];return s}function endOfRun(e,t,n,o,s,r){const marked=e=>r(n.nodes[t[e]]);if(marked(e))return e+1;let a=Math.min(e+s,t.length);let i=Number.POSITIVE_INFINITY;for(let n=e+1;n<=Math.min(e+2*s,t.length);n++){if(n<t.length&&marked(n))return n;if(n<e+s/2)continue;const r=n===t.length?0:o[n-1];const d=Math.abs(n-e-s)<Math.abs(a-e-s);if(r<i||r===i&&d){i=r;a=n}}return a}function quotient(e,t,n){const o=new Map;const s=[];e.nodes.forEach((e,n)=>{const r=o.get(t[n]);if(r===undefined)o.set(t[n],s.push([e])-1);else s[r].push(e)});const r=new Set;const a=e.edges.flatMap(([e,n])=>{const s=[o.get(t[e]),o.get(t[n])];if(s[0]===s[1]||r.has(s.join()))return[];r.add(s.join());return[s]});const i=s.map(e=>({members:e,onnx:[...new Set(e.flatMap(e=>e.onnx))].sort((e,t)=>e-t),marked:e.some(n)}));return{nodes:i,edges:a}}var d=n(42440);const c=8;const l=new Map;const u=64;function layout_place(e){const t=JSON.stringify(e);if(l.has(t))return l.get(t);const n=layOut(e);const[o]=l.keys();if(l.size>=u&&o!==undefined)l.delete(o);l.set(t,n);return n}function layOut({sizes:e,edges:t}){const n=new d.Ay.graphlib.Graph;n.setGraph({nodesep:18,edgesep:12,ranksep:26,marginx:c,marginy:c});n.setDefaultEdgeLabel(()=>({}));for(const[t,o]of e.entries())n.setNode(String(t),{...o});for(const[e,o]of t)n.setEdge(String(e),String(o));try{d.Ay.layout(n)}catch(e){if(e instanceof RangeError)return undefined;throw e}const{width:o=0,height:s=0}=n.graph();return{width:Math.ceil(o),height:Math.ceil(s),corners:e.map((e,t)=>{const{x:o,y:s}=n.node(String(t));return{x:Math.round(o-e.width/2),y:Math.round(s-e.height/2)}}),ways:t.map(([e,t])=>{const{points:o}=n.edge(String(e),String(t));return o.map(({x:e,y:t})=>({x:Math.round(e),y:Math.round(t)}))})}}var f=n(12936);const p=2e3;function h(e,...t){return{html:e.reduce((e,n,o)=>e+textOf(t[o-1])+n)}}function raw(e){return{html:e}}function join(e,t=""){return{html:e.map(textOf).filter(e=>e!=="").join(t)}}function textOf(e){if(e===undefined||e===false)return"";if(typeof e==="string")return(0,f.qy)((0,f.ml)(e,p));if(typeof e==="number")return String(e);return"html"in e?e.html:e.map(textOf).join("")};const m={title:"Graphs",body({model:e,id:t,graphNodes:n}){const o=e.graphs;if(o===undefined||o.source.nodes.length===0)return undefined;const s=Math.max(o.source.nodes.length,o.written?.nodes.length??0);if(n<Math.min(s,g))return h`<p class="hint">Left out, so that the page stays small; report.json has them.</p>`;const r=drawnNets(o.source,o.written,n,markedPlaces(e));const a=pane("Source (ONNX)",r.source);if(a===undefined)return h`<p class="hint">Too large to be drawn; report.json has them.</p>`;const i=r.written&&pane(`Written (${e.format??""})`,r.written);return h`<div class="nets" id="${t}g"><p class="tools"><button type="button" data-zoom="out">Zoom out</button> <button type="button" data-zoom="in">Zoom in</button> <button type="button" data-zoom="fit">Fit</button> <output class="hint">${hint(o,r)}</output></p>
<div class="panes">${a}${i}</div>
${legend(o,e)}</div>`}};const g=12;function markedPlaces({graphs:e,divergence:t,diagnostics:n,status:o}){const s=new Set;if(t?.index!==undefined)for(const e of[t.index,...(t.group??[]).map(e=>e.index)])s.add(e);else if(t!==undefined)for(const{onnx:n,number:o,name:r}of e?.source.nodes??[]){const e=t.source===undefined?r===t.node:o===t.source;if(e&&n[0]!==undefined)s.add(n[0])}if(o==="unsupported"||o==="error"){for(const{place:e,severity:t}of n)if(e.index!==undefined&&(t==="unsupported"||t==="error"))s.add(e.index)}return s}function hint(e,t){const n=t.source.nodes.length<e.source.nodes.length;return`${n?"Nodes that follow each other are drawn as one block. ":""}Point at a node to see what belongs to it; with the keyboard, n and p go from node to node, + and − zoom.`}function legend({source:e,written:t},n){const o=new Set(e.nodes.map(e=>e.became));const s=[o.has("fused")&&h`<span class="key fused">fused into another</span>`,(o.has("folded")||o.has("unused"))&&h`<span class="key folded">computed beforehand, or not needed</span>`,markedPlaces(n).size>0&&h`<span class="key marked">${t===undefined?"not supported":"the first that differs"}</span>`];return h`<p class="hint keys">${join(s," ")}</p>`}function pane(e,t){const n=t.nodes.map(box);const o=layout_place({sizes:n.map(({width:e,height:t})=>({width:e,height:t})),edges:t.edges});if(o===undefined)return undefined;const s=t.nodes.map((e,t)=>drawNode(e,n[t],o.corners[t]));const{width:r,height:a}=o;const d=t.nodes.reduce((e,{members:t})=>e+t.filter(e=>e.kind==="node").length,0);return h`<figure><figcaption>${e}: ${(0,i.hS)(d,"node")}</figcaption>
<div class="pane" role="group" tabindex="0" aria-label="${e}"><svg class="net" width="${r}" height="${a}" viewBox="0 0 ${r} ${a}" role="img" aria-label="${e} as a graph of ${(0,i.hS)(t.nodes.length,"box","boxes")}; the same is below as a table"><g class="e" marker-end="url(#arrow)">${edges(o)}</g>${join(s,"\n")}</svg></div></figure>`}const $=h`<svg width="0" height="0" aria-hidden="true" class="defs"><defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto"><path d="M0 0l8 4l-8 4z"/></marker></defs></svg>`;function edges({ways:e}){const way=e=>e.map(({x:t,y:n},o)=>{const s=e[o+1];if(o===0)return h`M${t} ${n}`;if(s===undefined)return h`L${t} ${n}`;const[r,a]=[Math.round((t+s.x)/2),Math.round((n+s.y)/2)];return h`Q${t} ${n} ${r} ${a}`});return join(e.map(e=>h`<path d="${way(e)}"/>`))}const b=6.4;const w=14;const v={x:9,y:6};const k=30;function box({members:e}){const[t]=e;const n=e.length===1?nodeLines(t):blockLines(e);const o=n.filter(e=>e!=="").map(e=>(0,f.ml)((0,f.RK)(e),k));const s=o.reduce((e,t)=>Math.max(e,t.length),4);return{lines:o,width:Math.round(s*b)+2*v.x,height:o.length*w+2*v.y}}function nodeLines({kind:e,op:t,name:n,shape:o,weights:s=[]}){const[r]=s;const a=s.length>1?` +${s.length-1}`:"";return[e==="node"?t:n,r===undefined?"":`⟨${sizes(r.shape)}⟩${a}`,o===undefined?"":sizes(o)]}function blockLines(e){return[scopeOf(e)||(0,i.hS)(e.length,"node"),...operators(e).slice(0,3),sizes(e.at(-1)?.shape??[])]}function operators(e){const t=new Map;for(const{op:n}of e)t.set(n,(t.get(n)??0)+1);return[...t].sort(([,e],[,t])=>t-e).map(([e,t])=>t===1?e:`${e} \xd7${t}`)}function scopeOf(e){const[t=[],...n]=e.map(({name:e})=>e.split("/").slice(0,-1));let o=t.length;for(const e of n)while(o>0&&e[o-1]!==t[o-1])o--;return t.slice(0,o).join("/")}const sizes=e=>e.length===0?"":e.map(e=>e??"?").join("\xd7");function drawNode(e,{width:t,height:n,lines:o},{x:s,y:r}){const a=o.map((e,n)=>h`<text x="${t/2}" y="${v.y+w*n+11}"${n>0&&h` class="s"`}>${e}</text>`);return h`<g class="${classes(e)}"${e.onnx.length>0&&h` data-o="${ranges(e.onnx)}"`} transform="translate(${s},${r})"><title>${tooltip(e)}</title><rect width="${t}" height="${n}" rx="4"/>${a}</g>`}function classes({members:e,marked:t}){const[n]=e;const o=e.length===1;const all=t=>e.every(({became:e})=>t.includes(e));return[n.kind!=="node"?"io":o?categoryOf(n.op):"block",all(["fused"])?"fused":all(["folded","unused"])?"folded":"",t?"marked":""].filter(e=>e!=="").join(" ")}const j=[[/conv|gemm|matmul|dense|lstm|gru|rnn|einsum|attention/i,"weighty"],[/norm|^lrn$/i,"norm"],[/pool|reduce|^mean$|^sum$|^max$|^min$|argm/i,"pool"],[/relu|sigmoid|tanh|softmax|softplus|swish|gelu|elu|activation|clip|erf/i,"act"],[/reshape|transpose|permute|flatten|squeeze|expanddims|concat|slice|pad|split|unpack|gather|crop|resize|upsampl|cast|shape|tile|expand/i,"shape"]];function categoryOf(e){return j.find(([t])=>t.test(e))?.[1]??"other"}function ranges(e){const t=[];for(let n=0;n<e.length;){let o=n;while(e[o+1]===e[o]+1)o++;t.push(n===o?`${e[n]}`:`${e[n]}-${e[o]}`);n=o+1}return t.join(" ")}function tooltip({members:e}){const[t]=e;if(e.length>1){const n=e.at(-1);return`${(0,i.hS)(e.length,"node")}, ${t.name} to ${n.name}: ${operators(e).join(", ")}`}const{kind:n,op:o,name:s,number:r,became:a,shape:d,weights:c=[]}=t;return[n==="node"?`${o} ${s}`:`${n} ${s}`,r===undefined?"":`, number ${r}`,a===undefined?"":`: ${a}`,d===undefined?"":`; [${d.map(e=>e??"?").join(", ")}]`,...c.map(e=>`; ${e.name} [${e.shape.join(", ")}]`)].join("")}var M=n(60975);var E=n(32175);function scrolling(e,t){return h`<div class="scroll" role="group" tabindex="0" aria-label="${e}">${t}</div>`}function head(e,t=[]){return h`<thead><tr>${e.map(e=>t.includes(e)?h`<th scope="col" class="n">${e}</th>`:h`<th scope="col">${e}</th>`)}</tr></thead>`}function more(e,t){return e>t?h`<p class="hint">… and ${(0,i.U9)(e-t)} more, in report.json.</p>`:undefined};const S=200;const N={title:"What has changed",body({model:{changes:e}}){if(e===undefined)return undefined;const t=(0,E.QP)(e).map(([e,t,n])=>h`<tr><th scope="row">${e}</th><td>${t}</td><td>${n}</td></tr>`);const n=h`<table>${head(["","Then","Now"])}<tbody>${join(t)}</tbody></table>`;const o=(0,E.lI)(e.layers);const s=o.slice(0,S).map(({what:e,op:t,name:n,text:o})=>h`<li>${e}: ${t} <code>${n}</code>${o}</li>`);return h`<p>${(0,E.I)(e)}</p>${t.length>0&&scrolling("What has changed",n)}
${s.length>0&&h`<ul>${join(s)}</ul>`}${more(o.length,S)}`}};var O=n(89670);function errorBar(e){if(e===undefined)return h`–`;const t=(0,i.rl)(e);const n=!(t<=1);const o=n?100:t===0?0:Math.max(2,Math.round(t*100));return h`<span class="share"><svg class="bar${n?" beyond":""}" viewBox="0 0 106 10" role="img" aria-label="${(0,i.$K)(e)}"><rect class="all" x="0.5" y="0.5" width="99" height="9"/><rect class="part" x="0.5" y="0.5" width="${o}" height="9"/>${n&&h`<path class="part" d="M100 0l6 5l-6 5z"/>`}</svg> <span aria-hidden="true">${(0,i.uM)(e)}</span></span>`};const B=200;const L={title:"Engines",body({model:e}){const t=(0,O.U)(e);if(t===undefined)return undefined;const n=t.rows.slice(0,B).map(({output:e,reference:t,cells:n})=>h`<tr><th scope="row">${e===undefined?"all outputs":h`<code>${e}</code>`}</th><td><code>${t}</code></td>${n.map(cell)}</tr>`);const o=["Output","Reference",...t.columns].map(e=>h`<th scope="col">${e}</th>`);const s=h`<table><thead><tr>${o}</tr></thead><tbody>${join(n)}</tbody></table>`;return h`${scrolling("Errors by output and engine",s)}${more(t.rows.length,B)}`}};function cell(e){if(e===undefined)return h`<td>–</td>`;if(e.used!==undefined)return h`<td>${errorBar(e.used)}</td>`;return h`<td><span class="status ${e.status}">${e.status==="pass"?"agrees":"failed"}</span></td>`};const P=200;const T={title:"Provenance",body(e){const t=[...sourceFacts(e),...conversionFacts(e),...engineFacts(e),...times(e)];return h`<dl>${join(t.map(([e,t])=>h`<dt>${e}</dt><dd>${t}</dd>`))}</dl>${files(e)}`}};function sourceFacts({model:{source:e}}){if(e===undefined)return[];const t=[["ONNX file",(0,i.Ej)(e.bytes)]];if(e.sha256!==undefined)t.push(["SHA-256",h`<code>${e.sha256}</code>`]);if(e.opsets!==undefined)t.push(["Opset",Object.entries(e.opsets).map(([e,t])=>e===""?`${t}`:`${e} ${t}`).join(", ")]);if(e.irVersion!==undefined)t.push(["IR version",e.irVersion]);if(e.producer)t.push(["Producer",e.producer]);if(e.nodes!==undefined)t.push(["Size",`${(0,i.hS)(e.nodes,"node")}, ${(0,i.hS)(e.parameters??0,"parameter")}`]);const n=Object.entries(e.operators??{}).sort(([e,t],[n,o])=>o-t||(e<n?-1:1));if(n.length>0)t.push(["Operators",n.map(([e,t])=>`${e} ${t}`).join(", ")]);return t}function conversionFacts({model:e}){const t=[];if(e.format!==undefined)t.push(["Format",`${e.format}${e.conversion?.async===true?"; executeAsync must be used":""}`]);if(e.conversion===undefined)return t;t.push(["Nodes became",(0,i.nC)(e.conversion.fates)]);if(e.conversion.relayouts!==undefined)t.push(["Inserted for layout",(0,i.hS)(e.conversion.relayouts,"transpose")]);return t}function engineFacts({model:e}){return(e.engines??[]).map(e=>{const t=Object.entries(e.details).map(([e,t])=>`${e} ${t}`);return["Engine",[e.name," ",e.version,t.length===0?"":` (${t.join(", ")})`]]})}function times({model:{timings:e,cached:t}}){if(t)return[["Taken over","from an earlier run: nothing that it rests on has changed"]];const{total:n,...o}=e;const s=Object.entries(o).map(([e,t])=>`${e} ${(0,i.p0)(t??0)}`);if(n===undefined&&s.length===0)return[];return[["Time",[n===undefined?"":(0,i.p0)(n),s.length===0?"":` (${s.join(", ")})`].join("")]]}function files({model:e}){if(e.artefacts.length===0)return undefined;const t=e.artefacts.slice(0,P).map(e=>h`<tr><th scope="row"><code>${e.path}</code></th><td>${e.format??""}</td><td class="n">${(0,i.Ej)(e.bytes)}</td><td><code>${e.sha256??""}</code></td></tr>`);const n=h`<table>${head(["Written file","Format","Size","SHA-256"],["Size"])}<tbody>${join(t)}</tbody></table>`;return h`${scrolling("Written files",n)}${more(e.artefacts.length,P)}`}var A=n(37470);function prose(e){const t=e.split(/`([^`\n]+)`/);return join(t.map((e,t)=>t%2===0?e:h`<code>${e}</code>`))};const I=200;const z={title:"Findings",body:({model:e})=>findingList(e.diagnostics,e)};function findingList(e,t){const n=(0,A.k)(e);if(n.length===0)return undefined;const o=n.slice(0,I).map(e=>item(e,t));return h`<ul class="findings">${join(o)}</ul>${more(n.length,I)}`}function item({code:e,severity:t,remedy:n,findings:o},s){const r=o.slice(0,I).map(e=>h`${prose(e.message)}${findings_place(e,s)}`);const a=r.length===1?h`<p>${r}</p>`:h`<ul>${join(r.map(e=>h`<li>${e}</li>`))}</ul>`;return h`<li><p><span class="status ${t}">${t}</span> <code>${e}</code></p>
${a}${more(o.length,I)}
${n!==""&&h`<p><strong>Remedy:</strong> ${prose(n)}</p>`}</li>`}function findings_place(e,t){const n=(0,A.u)(e,t).map(({what:e,name:t})=>h`${e} <code>${t}</code>`);return n.length===0?undefined:h` (${join(n,", ")})`};const C=500;const F=["Direction","ONNX","Type","Shape","TensorFlow.js","Type","Shape","ONNX axes, in TensorFlow.js's order"];const R={title:"Inputs and outputs",body({model:{source:e}}){const t=[...(e?.inputs??[]).map(e=>row("input",e)),...(e?.outputs??[]).map(e=>row("output",e))];if(t.length===0)return undefined;const n=h`<table>${head(F)}<tbody>${join(t.slice(0,C))}</tbody></table>`;return h`${scrolling("Inputs and outputs",n)}${more(t.length,C)}`}};function row(e,t){const{tfjs:n}=t;const o=n===undefined?h`<td>–</td><td>–</td><td>–</td><td>–</td>`:h`<td><code>${n.name}</code></td><td>${n.dtype}</td><td>${(0,i.cW)(n.shape)}</td><td>${order(t)}</td>`;return h`<tr><td>${e}</td><th scope="row"><code>${t.name}</code></th><td>${t.dtype}</td><td>${(0,i.cW)(t.shape)}</td>${o}</tr>`}function order(e){return e.order?.some((e,t)=>e!==t)===true?e.order.join(", "):"as in ONNX"}var U=n(70185);var _=n(14141);var D=n(63172);var W=n(25104);const X={title:"Layers",body(e){const{model:t,layerRows:n}=e;if(t.layers===undefined||n===0)return undefined;const o=t.keras===undefined?fateTable(e):kerasTable(e);return h`${scrolling("Layers of the source and of the written model",o)}${totals(t)}`}};const q=["#","Source layer","Output shape","Params"];const V="ONNX node";const H=["#","Params","Param #"];function kerasTable({model:e,id:t,layerRows:n}){const o=(0,U.x)(e.layers?.rows??[],e.keras?.rows??[]);const s=o.slice(0,n);const r=new Map(s.flatMap(({layer:e},n)=>e===undefined?[]:[[e.name,`${t}l${n}`]]));const a=head([...q,"Layer (type)","Output Shape","Param #","Connected to",V],H);const i=s.map(e=>pairRow(e,r));return h`<table class="layers">${a}<tbody>${join(i,"\n")}${rest(o.length,n)}</tbody></table>`}function pairRow({source:e,layer:t},n){const o=e?.number??t?.source;const s=t===undefined?undefined:n.get(t.name);return h`<tr${o!==undefined&&h` data-n="${o}"`}${s!==undefined&&h` id="${s}"`}>${sourceCells(e,o)}${t===undefined?h`<td colspan="4">${e?.became??""}</td>`:layerCells(t,n)}${nodeCell(e)}</tr>`}function nodeCell(e){return e===undefined?h`<td></td>`:h`<td class="wrap">${e.op} <code>${e.name}</code></td>`}function layerCells(e,t){const n=e.connectedTo.map(e=>{const n=t.get(e.replace(/\[\d+\]\[\d+\]$/,""));return n===undefined?h`${e}`:h`<a href="#${n}">${e}</a>`});return h`<th scope="row" class="why"><code>${e.name}</code> (${e.className})</th><td>${(0,_.QU)(e)}</td><td class="n">${(0,i.U9)(e.params)}</td><td class="why">${join(n,"<br>")}</td>`}function sourceCells(e,t){if(e===undefined)return h`<td class="n">${t}</td><td></td><td></td><td></td>`;return h`<td class="n">${e.number}</td><td>${(0,W.Pz)(e)}</td><td>${(0,W.L3)(e)}</td><td class="n">${(0,i.U9)(e.params)}</td>`}function fateTable({model:e,layerRows:t}){const n=e.layers?.rows??[];const o=n.slice(0,t).map(e=>{const t=join((e.tfjs??[]).map(e=>h`<code>${e}</code>`),", ");return h`<tr data-n="${e.number}">${sourceCells(e,e.number)}<td>${e.became??""}</td><td class="why">${t}</td>${nodeCell(e)}</tr>`});return h`<table class="layers">${head([...q,"Became","In the graph",V],H)}<tbody>${join(o,"\n")}${rest(n.length,t)}</tbody></table>`}function rest(e,t){return e>t?h`<tr><td colspan="9">… and ${(0,i.U9)(e-t)} more, in report.json</td></tr>`:undefined}function totals({layers:e,keras:t,source:n}){const o=n?.inputs?.map(e=>`${(0,i.cW)(e.shape)}`).join(", ");const s=h`${o!==undefined&&`Input ${o}. `}`;if(e===undefined||t===undefined){const t=(e?.rows??[]).reduce((e,t)=>e+t.params,0);return h`<p>${s}Source: ${(0,i.U9)(t)} params.</p>`}return h`<p>${s}Keras: ${(0,_.yb)(t).join("; ")}.<br>${join((0,D.P)(e,t).map(e=>h`${e}`),"<br>")}</p>`}var J=n(69421);const K=500;const G=["Output","Engine","Reference","Verdict","Error, of what is allowed","Max. abs. error","Max. rel. error","Beyond","Worst element","Expected range","Tolerance"];const Z=["Max. abs. error","Max. rel. error","Beyond"];const Y={pass:"agrees",mismatch:"differs",error:"failed"};const Q={title:"Outputs",body({model:e}){const t=e.checks.filter(e=>e.guarded===true);const n=[...(0,M.LI)((0,M.lB)(e)),...(0,M.LI)(t)];if(n.length===0)return undefined;const o=h`<table>${head(G,Z)}<tbody>${join(n.slice(0,K).map(outputs_row))}</tbody></table>`;return h`${scrolling("Errors by output",o)}${more(n.length,K)}
<p class="hint">An element agrees where <code>abs(a-b) &lt;= atol + rtol*abs(b) + range-tol*(max(b)-min(b))</code>, a being what the written model gives and b the reference.</p>`}};function outputs_row(e){const t=(0,M.k2)(e)?undefined:e.reason;return h`<tr><th scope="row">${e.output===undefined?"all outputs":h`<code>${e.output}</code>`}</th>
<td class="wrap">${e.engine}, ${e.format}${guardedText(e)}</td>
<td class="wrap">${e.reference.kind==="stored"?h`<code>${e.reference.name}</code>`:"onnxruntime; no outputs are stored"}</td>
<td${t!==undefined&&h` class="why"`}><span class="status ${e.status}">${Y[e.status]}</span>${t!==undefined&&h`<br>${t}`}</td>
<td>${errorBar(e.used)}</td><td class="n">${(0,i.vP)(e.maxAbs)}</td><td class="n">${(0,i.vP)(e.maxRel)}</td>
<td class="n">${e.beyond===undefined?"–":`${(0,i.U9)(e.beyond)} of ${(0,i.U9)(e.elements??0)}`}</td>
<td class="why">${worst(e)}</td><td class="wrap">${range(e)}</td><td class="wrap">${allowed(e)}</td></tr>`}function allowed(e){const t=(0,J.Gy)([e]);return`${e.tolerance===undefined?"–":(0,J.ve)(e.tolerance)}${t===""?"":`; found: ${t}`}`}function worst({worst:e}){return e===undefined?h`–`:h`[${e.index.join(", ")}]: expected ${exact(e.expected)}, got ${exact(e.actual)}`}const exact=e=>typeof e==="number"?(0,i.s$)(e):e;function range({expectedRange:e}){return e===undefined?"–":`${(0,i.vP)(e.min)} to ${(0,i.vP)(e.max)}`}function guardedText({guarded:e,kernels:t=[]}){if(e!==true)return"";return`, CPU kernels in the place of suspect ones${t.length===0?"":` (${t.join(", ")})`}; does not count`};const ee=360;const et=200;const en={left:46,right:10,top:10,bottom:30};const eo={width:ee-en.left-en.right,height:et-en.top-en.bottom};function histogramChart(e,t){const{counts:n,beyond:o,first:s,perDecade:r,equal:a}=e;if(n.length===0)return undefined;const d=Math.max(...n);const c=Math.max(1,Math.ceil(Math.log10(d+1)));const l=eo.width/n.length;const tall=e=>e===0?0:round((Math.log10(e)+.3)/(c+.3)*eo.height);const bar=(e,t,n)=>e>0&&h`<rect class="${n}" x="${round(en.left+t*l)}" y="${en.top+eo.height-tall(e)}" width="${round(Math.max(l-1,.5))}" height="${tall(e)}"/>`;const u=n.map((e,t)=>[bar(e,t,"good"),bar(o[t],t,"bad")]);const f=n.flatMap((e,t)=>{const o=(s+t)/r;if(!Number.isInteger(o)||n.length>24&&o%2!==0)return[];return[h`<text class="tick" x="${round(en.left+t*l)}" y="${et-16}">1e${o}</text>`]});const p=o.reduce((e,t)=>e+t,0);const m=`Histogram of ${(0,i.U9)(t)} errors: ${(0,i.U9)(a)} are exactly 0, ${p===0?"none":(0,i.U9)(p)} beyond tolerance`;return h`<figure class="chart"><figcaption>Errors</figcaption><svg viewBox="0 0 ${ee} ${et}" role="img" aria-label="${m}">${charts_frame()}${u}${f}
<text class="tick" x="${en.left-4}" y="${en.top+8}" text-anchor="end">1e${c}</text><text class="tick" x="${en.left-4}" y="${en.top+eo.height}" text-anchor="end">0</text>
<text class="axis" x="${en.left+eo.width/2}" y="${et-3}">abs(actual − expected), by elements</text></svg><p class="hint">${m}.</p></figure>`}function scatterChart({sample:e,tolerance:t,elements:n=0}){const{expected:o,actual:s}=e;if(o.length===0)return undefined;const r=[...o,...s];const a=Math.min(...r);const d=Math.max(...r);const c=d-a||1;const x=e=>round(en.left+(e-a)/c*eo.width);const y=e=>round(en.top+(1-(e-a)/c)*eo.height);const points=e=>o.map((e,t)=>({b:e,a:s[t]})).filter(({a:n,b:o})=>isBeyond(n,o,t)===e).map(({a:e,b:t})=>h`M${x(t)} ${y(e)}h0`);const l=`Expected against actual: ${(0,i.U9)(o.length)} of ${(0,i.U9)(n)} values, from ${(0,i.vP)(a)} to ${(0,i.vP)(d)}`;const[u,f]=[points(false),points(true)];return h`<figure class="chart"><figcaption>Expected against actual</figcaption><svg viewBox="0 0 ${ee} ${et}" role="img" aria-label="${l}">${charts_frame()}
<path class="same" d="M${x(a)} ${y(a)}L${x(d)} ${y(d)}"/>${u.length>0&&h`<path class="dots good" d="${u}"/>`}${f.length>0&&h`<path class="dots bad" d="${f}"/>`}
<text class="tick" x="${en.left}" y="${et-16}">${(0,i.vP)(a)}</text><text class="tick" x="${ee-en.right}" y="${et-16}" text-anchor="end">${(0,i.vP)(d)}</text>
<text class="tick" x="${en.left-4}" y="${en.top+8}" text-anchor="end">${(0,i.vP)(d)}</text><text class="tick" x="${en.left-4}" y="${en.top+eo.height}" text-anchor="end">${(0,i.vP)(a)}</text>
<text class="axis" x="${en.left+eo.width/2}" y="${et-3}">expected (across), actual (up)</text></svg><p class="hint">${l}.</p></figure>`}const es=-9;const er=2;function errorCurve({curve:e=[],index:t}){if(e.length<2)return undefined;const n=Math.min(...e.map(e=>e.index));const o=Math.max(...e.map(e=>e.index),n+1);const x=e=>round(en.left+(e-n)/(o-n)*eo.width);const decade=e=>{const t=(0,i.rl)(e);return t===0?es:Math.min(er,Math.max(es,Number.isFinite(t)?Math.log10(t):er))};const y=e=>round(en.top+(1-(decade(e)-es)/(er-es))*eo.height);const isFar=e=>t!==undefined&&e>=t;const dots=t=>e.filter(e=>isFar(e.index)===t).map(e=>h`M${x(e.index)} ${y(e.share)}h0`);const s=e.map((e,t)=>h`${t===0?"M":"L"}${x(e.index)} ${y(e.share)}`);const[r,a]=[dots(false),dots(true)];const d=[-8,-6,-4,-2,0].map(e=>h`<text class="tick" x="${en.left-4}" y="${y(10**e)+3}" text-anchor="end">1e${e}</text>`);const c=`Difference of ${(0,i.U9)(e.length)} values inside, beside their usual size: from ${(0,i.vP)(e[0]?.share)} at node ${n} to ${(0,i.vP)(e.at(-1)?.share)} at node ${o}`;return h`<figure class="chart"><figcaption>Error by node</figcaption><svg viewBox="0 0 ${ee} ${et}" role="img" aria-label="${c}">${charts_frame()}
${t!==undefined&&h`<path class="here" d="M${x(t)} ${en.top}v${eo.height}"/>`}<path class="curve" d="${s}"/>${r.length>0&&h`<path class="dots good" d="${r}"/>`}${a.length>0&&h`<path class="dots bad" d="${a}"/>`}${d}
<text class="tick" x="${en.left}" y="${et-16}">${n}</text><text class="tick" x="${ee-en.right}" y="${et-16}" text-anchor="end">${o}</text>
<text class="axis" x="${en.left+eo.width/2}" y="${et-3}">node, in file order</text></svg><p class="hint">${c}.</p></figure>`}function isBeyond(e,t,n){const o=1e-5*Math.max(Math.abs(e),Math.abs(t));return n!==undefined&&Math.abs(e-t)>n.atol+n.rtol*Math.abs(t)+n.rangeTol*(n.range??0)+o}function charts_frame(){return join([h`<rect class="frame" x="${en.left}" y="${en.top}" width="${eo.width}" height="${eo.height}"/>`])}const round=e=>Math.round(e*10)/10;const ea=200;const ei={title:"First diverging node",body({model:{divergence:e}}){if(e===undefined)return undefined;const t=Object.entries(e.attributes??{}).map(([e,t])=>h`${e} ${t}`);const n=(e.group??[]).filter(t=>t.index!==e.index).map(e=>h`${e.op} <code>${e.node}</code>`);const o=[["Value",e.output===undefined?"":h`<code>${e.output}</code>`],["Attributes",t.length===0?"":join(t,", ")],["Together with",n.length===0?"":join(n,", ")],["In the written model",e.tfjs===undefined?"":join(e.tfjs.map(e=>h`<code>${e}</code>`),", ")],["Found on",[e.engine,e.format].filter(e=>e!==undefined).join(", ")],["By",e.runs===undefined?"":`${(0,i.hS)(e.runs,"run")}, ${(0,i.hS)(e.compared??0,"value")} compared`],["That node alone",e.artefact===undefined?"":h`<code>${e.artefact}</code>`]];const s=o.filter(([,e])=>e!=="").map(([e,t])=>h`<dt>${e}</dt><dd>${t}</dd>`);return h`<p>${e.op} <code>${e.node}</code>${e.source!==undefined&&h` (number ${e.source} in the table of layers)`}: its inputs agree with the source's and its output does not${e.maxAbs!==undefined&&`; it is off by ${(0,i.vP)(e.maxAbs)}`}. ${e.message}</p>
${s.length>0&&h`<dl>${join(s)}</dl>`}${errorCurve(e)}`}};const ed={title:"Why it is not a layers-model",body({model:{conversion:e}}){const t=e?.notLayers??[];if(t.length===0)return undefined;const n=t.slice(0,ea).map(e=>h`<li>${e.op} <code>${e.node}</code>: ${e.reason}${e.remedy!==undefined&&h` (${e.remedy})`}</li>`);return h`<ul>${join(n)}</ul>${more(t.length,ea)}`}};function statusClass(e){return(0,M.$y)(e)?"waived":e.status}var ec=n(63777);var el=n(44029);var eu=n(99110);function canBeTried({format:e,artefacts:t}){return t.length>0&&(e==="layers-model"||e==="graph-model")}function pageAddress({path:e}){return`${eu.A}/${e.split("/").map(encodeURIComponent).join("/")}/index.html`}function tryPage(e,t){const n=t.path.split("/");const o="../".repeat(n.length);const s=`${o}../${eu.M}/`;const r=`${o}../../${n.map(encodeURIComponent).join("/")}/`;const a=t.artefacts.reduce((e,t)=>e+t.bytes,0);return h`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>Try ${(0,M.pS)(t)}</title>
<link rel="stylesheet" href="${s}page.css">
</head>
<body data-model="${r}" data-serve="${(0,el.ay)(e.tool)} serve">
<header><div><h1>Try <code>${(0,M.pS)(t)}</code></h1><p class="sub">${t.format}, ${(0,i.Ej)(a)}; in the report: <span class="status ${t.status}">${(0,M.o7)(t)}</span>. <a href="${o}../index.html">Back to the report</a></p></div></header>
<main>
<p><label>Backend <select id="backend"><option>wasm</option><option>webgl</option><option>webgpu</option><option>cpu</option></select></label> <button type="button" id="run" disabled>Run</button></p>
<p id="state" role="status">The page needs scripts.</p>
<div class="scroll" role="group" tabindex="0" aria-label="Results"><table><thead><tr><th scope="col">Output</th><th scope="col">Verdict</th><th scope="col">Max. abs. error</th><th scope="col">Beyond</th><th scope="col">Actual</th><th scope="col">Expected</th></tr></thead><tbody id="results"></tbody></table></div>
</main>
<footer><p>${e.tool.name} ${e.tool.version}. The model runs in this browser, with stock TensorFlow.js; nothing is sent anywhere.</p></footer>
<script src="${s}tf.js"></script>
<script src="${s}page.js"></script>
</body>
</html>
`.html};const eh={title:"What to do next",body:({report:e,model:t})=>h`<ul>${tryIt(e,t)}${join((0,ec.Z)(e,t).map(steps_item))}</ul>`};function tryIt(e,t){if(e.settings?.["try-it"]!==true||!canBeTried(t))return undefined;return h`<li><a href="${pageAddress(t)}">Try it</a> in this browser; the page has to be served: <code>${(0,el.ay)(e.tool)} serve</code>, with the folder that holds <code>report</code>.</li>`}function steps_item(e){return h`<li>${prose(e.text)}${e.code!==undefined&&h`<div class="code"><pre tabindex="0"><code>${join(e.code.text.split("\n").map(e=>h`${e}`),"\n")}</code></pre></div>`}</li>`};function className({class:e,label:t}){return t===undefined?String(e):`${e} ${t}`}var ef=n(38522);function pngUrl(e,t,n,o){const s=o===undefined?3:1;const r=e*s;const a=new Uint8Array((r+1)*t);for(let e=0;e<t;e++)a.set(n.subarray(e*r,(e+1)*r),e*(r+1)+1);const i=Buffer.alloc(13);i.writeUInt32BE(e,0);i.writeUInt32BE(t,4);i.set([8,o===undefined?2:3,0,0,0],8);const d=Buffer.concat([Buffer.from([137,80,78,71,13,10,26,10]),chunk("IHDR",i),...o===undefined?[]:[chunk("PLTE",o)],chunk("IDAT",(0,ef.deflateSync)(a,{level:9})),chunk("IEND",new Uint8Array(0))]);return raw(`data:image/png;base64,${d.toString("base64")}`)}function chunk(e,t){const n=Buffer.concat([Buffer.from(e,"latin1"),t]);const o=Buffer.alloc(n.length+8);o.writeUInt32BE(t.length,0);n.copy(o,4);o.writeUInt32BE((0,ef.crc32)(n),n.length+4);return o}const ep=palette(["440154","472d7b","3b528b","2c728e","21918c","28ae80","5ec962","addc30","fde725"]);const em=palette(["ffffff","fddbc7","f4a582","d6604d","b2182b","67001f"]);function palette(e){const t=e.map(e=>[0,2,4].map(t=>Number.parseInt(e.slice(t,t+2),16)));const n=new Uint8Array(256*3);for(let e=0;e<256;e++){const o=e/255*(t.length-1);const s=Math.min(Math.floor(o),t.length-2);for(let r=0;r<3;r++){const[a,i]=[t[s]?.[r],t[s+1]?.[r]];n[e*3+r]=Math.round(a+(i-a)*(o-s))}}return n};const eg=.25;function responseFigures(e,t){const{best:n,response:o,predicted:s,shows:r,image:a}=e;const side=n=>a&&overlay(e,n,t);const i=s===undefined?r==="value"?"The output as a map":"Response map":`Response map of the predicted class, ${className(s.expected)}`;return h`<div class="maps">${s!==undefined&&predictedText(e)}
${maps_row(i,e,o)}
${n!==undefined&&maps_row("Largest score of any class",e,n)}
${a!==undefined&&h`<div class="row">${side("expected")}${side("actual")}</div>`}
${e.step>1&&h`<p class="hint">Drawn is one in ${e.step} of the rows and columns.</p>`}</div>`}function predictedText({predicted:e}){if(e===undefined)return undefined;const{expected:t,actual:n}=e;const o=t.class!==n.class;return h`<p>Predicted class: expected <strong>${className(t)}</strong> with a score of ${(0,i.vP)(t.score)}, actual <strong>${className(n)}</strong> with ${(0,i.vP)(n.score)}${o&&h` <strong class="status mismatch">differs</strong>`}.</p>`}function maps_row(e,{width:t,height:n},o){const s=`${(0,i.vP)(o.min)} (dark) to ${(0,i.vP)(o.max)} (bright)`;const one=(o,s,r,a)=>{const i=shownSize(t,n);return h`<figure><figcaption>${o}</figcaption><img class="map" width="${i.width}" height="${i.height}" alt="${e}, ${o.toLowerCase()}: ${a}" src="${pngUrl(t,n,Buffer.from(s,"base64"),r)}"></figure>`};return h`<h5>${e}</h5><div class="row">${join([one("Expected",o.expected,ep,s),one("Actual",o.actual,ep,s),one("Difference",o.difference,em,`0 (white) to ${(0,i.vP)(o.maxDifference)} (dark red)`)])}</div><p class="hint">Scores: ${s}. Difference: at most ${(0,i.vP)(o.maxDifference)}${o.maxDifference>0&&", drawn as dark red, however small"}.</p>`}function shownSize(e,t){const n=Math.min(320/e,240/t);return{width:Math.max(1,Math.round(e*n)),height:Math.max(1,Math.round(t*n))}}function overlay({width:e,height:t,response:n,image:o,predicted:s},r,a){if(o===undefined)return undefined;const d=Buffer.from(n[r],"base64");const c=s===undefined?undefined:Math.min(eg,n.max/2);const l=c===undefined?undefined:boxAbove(d,e,valueToByte(n,c));const[u,f]=[o.width/e,o.height/t];const p=shownSize(o.width,o.height);const m=l&&h`<rect class="box" x="${Math.round(l.left*u)}" y="${Math.round(l.top*f)}" width="${Math.round((l.right-l.left+1)*u)}" height="${Math.round((l.bottom-l.top+1)*f)}"/>`;const g=r==="expected"?h`<image id="${a}" width="${o.width}" height="${o.height}" href="${pngUrl(o.width,o.height,Buffer.from(o.rgb,"base64"))}"/>`:h`<use href="#${a}"/>`;const $=`The input with the response map over it, ${r}${c===undefined?"":`; the box holds what is above ${(0,i.vP)(c)}`}`;return h`<figure><figcaption>${r==="expected"?"Expected":"Actual"}, over the input</figcaption><svg class="over" width="${p.width}" height="${p.height}" viewBox="0 0 ${o.width} ${o.height}" role="img" aria-label="${$}">${g}<image class="map" opacity="0.5" width="${o.width}" height="${o.height}" preserveAspectRatio="none" href="${pngUrl(e,t,d,ep)}"/>${m}</svg><p class="hint">${c===undefined?"":`Box: score above ${(0,i.vP)(c)}.`}</p></figure>`}function valueToByte({min:e,max:t},n){return t>e?(n-e)/(t-e)*255:255}function boxAbove(e,t,n){const o={left:Infinity,top:Infinity,right:-1,bottom:-1};e.forEach((e,s)=>{if(e<=n)return;const[r,a]=[s%t,Math.floor(s/t)];o.left=Math.min(o.left,r);o.right=Math.max(o.right,r);o.top=Math.min(o.top,a);o.bottom=Math.max(o.bottom,a)});return o.right<0?undefined:o};const e$=4;const eb={title:"Values",body({model:e,id:t,drawings:n}){const o=(0,M.LI)(e.checks.filter(e=>e.histogram!==undefined&&e.guarded!==true));const s=o.slice(0,Math.min(e$,n));if(s.length===0)return undefined;return join(s.map((e,n)=>comparison(e,`${t}p${n}`)),"\n")}};function comparison(e,t){const n=[e.histogram&&histogramChart(e.histogram,e.elements??0),e.sample&&scatterChart({...e,sample:e.sample}),e.top&&topTable(e.top)];const o=e.reference.kind==="stored"?h`<code>${e.reference.name}</code>`:"onnxruntime";return h`<h4><code>${e.output}</code> on ${e.engine} (${e.format}), against ${o}</h4>
<div class="charts">${join(n)}</div>${e.maps&&responseFigures(e.maps,t)}`}function topTable({scores:e,expected:t,actual:n}){const o=t.map((e,t)=>{const o=n[t];const s=o!==undefined&&o.class===e.class;return h`<tr><td class="n">${t+1}</td><td>${className(e)}</td><td class="n">${(0,i.vP)(e.score)}</td><td>${o&&className(o)}${!s&&h` <strong class="status mismatch">differs</strong>`}</td><td class="n">${o&&(0,i.vP)(o.score)}</td></tr>`});const s=e==="softmax"?"Best classes (after softmax)":"Best classes";return h`<figure class="chart"><figcaption>${s}</figcaption><table>${head(["#","Expected","Score","Actual","Score"],["#","Score"])}<tbody>${join(o)}</tbody></table></figure>`}var ew=n(11453);const ey=20;const ev={title:"Storage of the weights",body({model:{quantization:e=[]}}){if(e.length===0)return undefined;return join(e.map(ofFormat),"\n")}};function ofFormat(e){const{search:t,format:n}=e;const o=h`<p>${n}: ${(0,ew.x)(e)}.${t&&` ${(0,ew.w)(e,t)}`}</p>`;if(t===undefined)return o;const s=t.weights.slice(0,ey).map(e=>h`<tr><th scope="row"><code>${e.name}</code></th><td>${e.stored}</td><td class="n">${(0,i.Ej)(e.bytes)}</td><td>${errorBar(e.used)}</td></tr>`);const r=["Weight","Stored as","Size","Error of its smallest form, of what is allowed"];const a=h`<table>${head(r,["Size"])}<tbody>${join(s)}</tbody></table>`;return h`${o}<div class="charts">${curveChart(t,e.float32Bytes)}</div>${s.length>0&&scrolling("Weights and how they are stored",a)}${more(t.weights.length,ey)}`}const[ex,ek]=[360,200];const ej={left:46,right:10,top:10,bottom:30};const eM={width:ex-ej.left-ej.right,height:ek-ej.top-ej.bottom};function curveChart({curve:e,chosen:t},n){const o=e.map(({used:e})=>(0,i.rl)(e)).filter(e=>Number.isFinite(e)&&e>0);const s=Math.floor(Math.log10(Math.min(.1,...o)));const r=Math.ceil(Math.log10(Math.max(10,...o)));const x=e=>weights_round(ej.left+(n===0?1:e/n)*eM.width);const y=e=>{const t=Math.min(r,Math.max(s,Math.log10(e)));return weights_round(ej.top+(1-(t-s)/(r-s))*eM.height)};const points=t=>e.filter(e=>e.passes===t).map(e=>h`M${x(e.bytes)} ${y((0,i.rl)(e.used))}h0`);const[a,d]=[points(true),points(false)];const c=e[t];const l=`Size against error: ${(0,i.U9)(e.length)} runs, ${(0,i.U9)(a.length)} within tolerance${c===undefined?"":`; written is that of ${(0,i.Ej)(c.bytes)}, which uses ${(0,i.uM)(c.used)}`}`;const u=y(1);return h`<figure class="chart"><figcaption>Size against error</figcaption><svg viewBox="0 0 ${ex} ${ek}" role="img" aria-label="${l}"><rect class="frame" x="${ej.left}" y="${ej.top}" width="${eM.width}" height="${eM.height}"/>
<path class="same" d="M${ej.left} ${u}h${eM.width}"/>${d.length>0&&h`<path class="dots bad" d="${d}"/>`}${a.length>0&&h`<path class="dots good" d="${a}"/>`}${c&&h`<circle class="frame" cx="${x(c.bytes)}" cy="${y((0,i.rl)(c.used))}" r="5"/>`}
<text class="tick" x="${ej.left}" y="${ek-16}">0</text><text class="tick" x="${ex-ej.right}" y="${ek-16}" text-anchor="end">${(0,i.Ej)(n)}</text>
<text class="tick" x="${ej.left-4}" y="${ej.top+8}" text-anchor="end">1e${r}</text><text class="tick" x="${ej.left-4}" y="${u+3}" text-anchor="end">allowed</text><text class="tick" x="${ej.left-4}" y="${ej.top+eM.height}" text-anchor="end">1e${s}</text>
<text class="axis" x="${ej.left+eM.width/2}" y="${ek-3}">size of the weights (across), error by what is allowed (up)</text></svg><p class="hint">${l}.</p></figure>`}const weights_round=e=>Math.round(e*10)/10;const eE=[ei,N,Q,L,eb,ev,z,eh,R,m,ed,X,T];function modelArticle(e,t){const{model:n,id:o}=e;const s=eE.map(t=>{const n=t.body(e);return n&&h`<h3>${t.title}</h3>\n${n}`});const r=(0,M.Eu)(n);return h`<article id="${o}" class="model" data-status="${statusClass(n)}">
<details${t&&h` open`}><summary><h2><code>${(0,M.pS)(n)}</code> <span class="status ${statusClass(n)}">${(0,M.o7)(n)}</span></h2><p class="verdict">${(0,M.xJ)(n)}</p></summary>
${r!==undefined&&h`<p class="waiver">${r}</p>`}
${join(s,"\n")}
</details></article>`};const eS=6;function overview(e,t){const n=join(t.map(({model:e,id:t})=>overview_row(e,t)),"\n");const o=join(eN.map(({text:e,sort:t,left:n})=>h`<th scope="col"${t==="n"&&!n&&h` class="n"`}><button type="button" data-sort="${t}">${e}</button></th>`));const s=h`<table id="models"><thead><tr>${o}</tr></thead><tbody>${n}</tbody></table>`;return h`<section aria-labelledby="overview"><h2 id="overview">Models</h2>
${findingList(e.diagnostics??[])}
${t.length>=eS&&filter()}
${t.length>0&&scrolling("All models",s)}
</section>`}const eN=[{text:"Model",sort:"t"},{text:"Verdict",sort:"t"},{text:"Format",sort:"t"},{text:"Error, of what is allowed",sort:"n",left:true},{text:"ONNX",sort:"n"},{text:"Written",sort:"n"},{text:"Parameters",sort:"n"},{text:"Opset",sort:"n"},{text:"Time",sort:"n"}];function filter(){return h`<p class="filter"><label>Show only models whose line holds <input type="search" id="filter" autocomplete="off"></label> <output id="shown"></output></p>`}function overview_row(e,t){const n=(0,M.cZ)(e)?.used;const o=e.artefacts.reduce((e,t)=>e+t.bytes,0);const s=e.source?.opsets?.[""];return h`<tr data-model="${t}"><th scope="row"><a href="#${t}"><code>${(0,M.pS)(e)}</code></a></th>
<td class="wrap"><span class="status ${statusClass(e)}">${(0,M.o7)(e)}</span>${warnings(e)}</td><td>${e.format??"–"}</td>
<td data-v="${n===undefined?-1:n}">${errorBar(n)}</td>
${sized(e.source?.bytes)}${sized(e.artefacts.length===0?undefined:o)}
${number(e.source?.parameters,i.U9)}${number(s,String)}${number(e.timings.total,i.p0)}</tr>`}function sized(e){return number(e,i.Ej)}function number(e,t){return e===undefined?h`<td class="n" data-v="-1">–</td>`:h`<td class="n" data-v="${e}">${t(e)}</td>`}function warnings(e){const t=e.diagnostics.filter(e=>e.severity==="warning").length;return t===0?"":`, ${(0,i.hS)(t,"warning")}`};const eO=`
  const places = (g) => new Set((g.dataset.o || '').split(' ').flatMap((part) => {
    const [from, to = from] = part.split('-').map(Number);
    return part === '' ? [] : Array.from({ length: to - from + 1 }, (_, i) => from + i);
  }));
  const zoomTo = (svg, scale) => {
    const { width, height } = svg.viewBox.baseVal;
    const pane = svg.parentNode;
    const before = Number(svg.dataset.scale || 1);
    const [x, y] = [(pane.scrollLeft + pane.clientWidth / 2) / before, (pane.scrollTop + pane.clientHeight / 2) / before];
    svg.dataset.scale = scale;
    svg.setAttribute('width', width * scale);
    svg.setAttribute('height', height * scale);
    pane.scrollTo(x * scale - pane.clientWidth / 2, y * scale - pane.clientHeight / 2);
  };
  // One scale for both, so that they can be compared.
  const zoom = (nets, how) => {
    const drawings = all('svg.net', nets);
    const whole = Math.min(1, ...drawings.map((svg) => {
      const { width, height } = svg.viewBox.baseVal;
      return Math.min(svg.parentNode.clientWidth / width, svg.parentNode.clientHeight / height);
    }));
    const now = Number(drawings[0].dataset.scale || 1);
    const scale = how === 'fit' ? whole : Math.min(4, Math.max(Math.min(whole, .2), now * (how === 'in' ? 1.25 : .8)));
    drawings.forEach((svg) => zoomTo(svg, scale));
  };
  const show = (pane, g) => {
    const [outer, inner] = [pane.getBoundingClientRect(), g.getBoundingClientRect()];
    if (inner.top < outer.top || inner.bottom > outer.bottom) pane.scrollTop += (inner.top + inner.bottom - outer.top - outer.bottom) / 2;
    if (inner.left < outer.left || inner.right > outer.right) pane.scrollLeft += (inner.left + inner.right - outer.left - outer.right) / 2;
  };
  const point = (nets, node) => {
    all('g.same', nets).forEach((g) => g.classList.remove('same'));
    if (!node) return;
    const wanted = places(node);
    const said = [node.querySelector('title').textContent];
    node.classList.add('same');
    for (const pane of all('.pane', nets)) {
      if (pane.contains(node)) continue;
      const others = all('g[data-o]', pane).filter((g) => [...places(g)].some((place) => wanted.has(place)));
      others.forEach((g) => g.classList.add('same'));
      said.push(...others.slice(0, 3).map((g) => g.querySelector('title').textContent));
      if (others[0]) show(pane, others[0]);
    }
    nets.querySelector('output').textContent = said.join(' — ');
  };
  for (const nets of all('.nets')) {
    all('button', nets).forEach((button) => button.addEventListener('click', () => zoom(nets, button.dataset.zoom)));
    for (const pane of all('.pane', nets)) {
      let grip;
      pane.addEventListener('pointerdown', (event) => {
        if (event.pointerType !== 'mouse' || event.button !== 0) return;
        grip = { x: event.clientX + pane.scrollLeft, y: event.clientY + pane.scrollTop };
        pane.classList.add('drag');
        pane.setPointerCapture(event.pointerId);
      });
      // Not pointerover: that comes, too, when a node moves below a pointer that rests.
      let pointed;
      pane.addEventListener('pointermove', (event) => {
        if (grip) return pane.scrollTo(grip.x - event.clientX, grip.y - event.clientY);
        const node = event.target.closest('g[data-o]');
        if (node !== pointed) point(nets, node);
        pointed = node;
      });
      for (const type of ['pointerup', 'pointercancel']) pane.addEventListener(type, () => { grip = undefined; pane.classList.remove('drag'); });
      pane.addEventListener('wheel', (event) => {
        if (!event.ctrlKey) return;
        event.preventDefault();
        zoom(nets, event.deltaY < 0 ? 'in' : 'out');
      }, { passive: false });
      pane.addEventListener('keydown', (event) => {
        if (event.ctrlKey || event.altKey || event.metaKey) return;
        const how = { '+': 'in', '-': 'out', '0': 'fit' }[event.key];
        if (how) zoom(nets, how);
        const step = { n: 1, p: -1 }[event.key];
        if (!step) return;
        const nodes = all('g[data-o]', pane);
        const at = nodes.findIndex((g) => g.classList.contains('same'));
        const next = nodes[at < 0 ? 0 : Math.min(nodes.length - 1, Math.max(0, at + step))];
        if (!next) return;
        point(nets, next);
        show(pane, next);
      });
    }
  }
`;const eB=`
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const themes = ['system', 'light', 'dark'];
  const theme = document.getElementById('theme');
  theme.addEventListener('click', () => {
    const next = themes[(themes.indexOf(theme.dataset.now) + 1) % themes.length];
    theme.dataset.now = next;
    theme.textContent = 'Theme: ' + next;
    if (next === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = next;
  });

  const details = () => all('article.model > details');
  document.getElementById('open').addEventListener('click', () => details().forEach((d) => { d.open = true; }));
  document.getElementById('close').addEventListener('click', () => details().forEach((d) => { d.open = false; }));

  const reveal = () => {
    const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    const article = target && target.closest('article.model');
    if (!article) return;
    article.querySelector('details').open = true;
    target.scrollIntoView({ block: 'nearest' });
    const focus = target === article ? article.querySelector('summary') : target;
    if (focus === target) target.tabIndex = -1;
    focus.focus({ preventScroll: true });
  };
  addEventListener('hashchange', reveal);
  // A link to where one is already changes no hash.
  document.addEventListener('click', (event) => { if (event.target.closest('a[href="' + location.hash + '"]')) reveal(); });
  reveal();

  let closed = [];
  addEventListener('beforeprint', () => { closed = details().filter((d) => !d.open); closed.forEach((d) => { d.open = true; }); });
  addEventListener('afterprint', () => { closed.forEach((d) => { d.open = false; }); closed = []; });

  const light = (event) => {
    const pointed = event.type !== 'pointerout' && event.target.closest('.layers tr');
    const row = pointed || document.activeElement.closest('.layers tr');
    all('.layers tr.same').forEach((r) => r.classList.remove('same'));
    if (!row || !row.dataset.n) return;
    all('tr[data-n="' + row.dataset.n + '"]', row.parentNode).forEach((r) => r.classList.add('same'));
  };
  for (const type of ['pointerover', 'pointerout', 'focusin']) document.addEventListener(type, light);

  const body = document.querySelector('#models tbody');
  const valueOf = (row, i, kind) => {
    const cell = row.children[i];
    if (kind === 't') return cell.textContent;
    const n = Number(cell.dataset.v);
    return Number.isNaN(n) ? Infinity : n;
  };
  all('#models thead th').forEach((th, i) => th.firstChild.addEventListener('click', () => {
    const down = th.getAttribute('aria-sort') === 'ascending';
    all('#models thead th').forEach((other) => other.removeAttribute('aria-sort'));
    th.setAttribute('aria-sort', down ? 'descending' : 'ascending');
    const kind = th.firstChild.dataset.sort;
    const rows = [...body.children].sort((a, b) => {
      const [x, y] = [valueOf(a, i, kind), valueOf(b, i, kind)];
      return (x < y ? -1 : x > y ? 1 : 0) * (down ? -1 : 1);
    });
    body.append(...rows);
  }));

${eO}
  const filter = document.getElementById('filter');
  if (filter) filter.addEventListener('input', () => {
    const wanted = filter.value.trim().toLowerCase();
    let shown = 0;
    for (const row of body.children) {
      row.hidden = !row.textContent.toLowerCase().includes(wanted);
      document.getElementById(row.dataset.model).hidden = row.hidden;
      if (!row.hidden) shown++;
    }
    document.getElementById('shown').textContent = wanted === '' ? '' : shown + ' of ' + body.children.length;
  });
})();
`;const eL=`
:root { color-scheme: light dark; --ground: #ffffff; --raised: #f5f7f9; --text: #1b2027; --soft: #535d6a; --line: #cdd4dc;
  --link: #0a58b8; --mark: #fff0b8; --pass: #146c34; --bad: #b3192b; --warn: #7d5200; --calm: #535d6a;
  --weighty: #dbe7fb; --act: #fbe0dc; --norm: #d9f0de; --pool: #dff1f3; --shape: #f5ead2; --other: #e9ebee; }
@media (prefers-color-scheme: dark) { :root:not([data-theme="light"]) { --ground: #12161b; --raised: #1b2128; --text: #e4e9ee;
  --soft: #a3aeba; --line: #3a444f; --link: #7db7ff; --mark: #4a3f12; --pass: #5fcf84; --bad: #ff8b93; --warn: #e6b450; --calm: #a3aeba;
  --weighty: #1d3358; --act: #55231f; --norm: #1c4227; --pool: #17424a; --shape: #4b3913; --other: #2c343d; } }
:root[data-theme="dark"] { color-scheme: dark; --ground: #12161b; --raised: #1b2128; --text: #e4e9ee; --soft: #a3aeba;
  --line: #3a444f; --link: #7db7ff; --mark: #4a3f12; --pass: #5fcf84; --bad: #ff8b93; --warn: #e6b450; --calm: #a3aeba;
  --weighty: #1d3358; --act: #55231f; --norm: #1c4227; --pool: #17424a; --shape: #4b3913; --other: #2c343d; }
:root[data-theme="light"] { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
header, main, footer { max-width: 100rem; margin: 0 auto; padding: 1rem 1.5rem; }
header { display: flex; flex-wrap: wrap; gap: .5rem 2rem; align-items: start; justify-content: space-between; }
h1 { font-size: 1.5rem; line-height: 1.3; margin: 0; max-width: 70rem; }
h2 { font-size: 1.15rem; margin: 1rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1.5rem 0 .5rem; }
summary h2 { display: inline; font-weight: 600; } summary .verdict { margin: .25rem 0 0 1rem; }
code, pre { font: .92em/1.45 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere; }
td code, th code { line-height: 1.63; display: inline-block; max-width: 34rem; white-space: normal; overflow-wrap: break-word; vertical-align: top; }
.layers td code, .layers th code { display: inline; overflow-wrap: anywhere; }
a { color: var(--link); }
li, p, h1, h2 { overflow-wrap: anywhere; }
.sub, .hint, footer { color: var(--soft); }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--ground); padding: .5rem 1rem; z-index: 1; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
button, input, select { font: inherit; color: inherit; background: var(--raised); border: 1px solid var(--line); border-radius: 4px; padding: .25rem .75rem; }
button { cursor: pointer; }
.tools { display: flex; gap: .5rem; flex-wrap: wrap; }
.scroll { overflow: auto; max-height: 80vh; border: 1px solid var(--line); border-radius: 4px; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; white-space: nowrap; }
.wrap { white-space: normal; min-width: 9rem; } .why { white-space: normal; min-width: 14rem; }
thead th { background: var(--raised); white-space: normal; } .scroll thead th { position: sticky; top: 0; z-index: 1; }
thead button { background: none; border: 0; padding: 0; font-weight: 600; }
tbody th { font-weight: 400; }
tbody tr:last-child > * { border-bottom: 0; }
.n { text-align: right; font-variant-numeric: tabular-nums; }
.status { font-weight: 600; }
.status::before { content: "● "; }
.status.pass { color: var(--pass); }
.status.mismatch, .status.error { color: var(--bad); }
.status.mismatch::before, .status.error::before { content: "✖ "; }
.status.unsupported, .status.warning, .status.waived { color: var(--warn); }
.status.unsupported::before, .status.warning::before { content: "▲ "; } .status.waived::before { content: "◆ "; }
.status.unverified, .status.note { color: var(--calm); }
.status.unverified::before { content: "○ "; }
.share { display: inline-flex; align-items: center; gap: .5rem; }
.bar { width: 6.6rem; height: .7rem; }
.bar .all { fill: none; stroke: var(--soft); }
.bar .part { fill: var(--pass); }
.bar.beyond .part { fill: var(--bad); }
.model { border: 1px solid var(--line); border-radius: 6px; margin: 1rem 0; padding: 0 1rem; scroll-margin-top: 1rem; }
.model > details > summary { cursor: pointer; padding: .7rem 0; }
.model[data-status="error"], .model[data-status="mismatch"] { border-left: 5px solid var(--bad); }
.model[data-status="unsupported"], .model[data-status="waived"] { border-left: 5px solid var(--warn); }
.model[data-status="pass"] { border-left: 5px solid var(--pass); }
.model > details[open] { padding-bottom: 1rem; }
.verdict { font-size: 1.05rem; margin: .25rem 0; }
.layers tr.same > * { background: var(--mark); }
.layers tr:target > * { background: var(--mark); }
.layers tr { scroll-margin-top: 3rem; }
h4, h5 { font-size: .95rem; margin: .8rem 0 .3rem; } h5 { font-weight: 600; }
.charts, .row { display: flex; flex-wrap: wrap; gap: 1rem; align-items: flex-start; }
.chart { width: 22.5rem; max-width: 100%; } .chart td { white-space: normal; overflow-wrap: anywhere; } .chart td.n { white-space: nowrap; } .chart th, .chart td { padding: .3rem .4rem; } .chart svg { width: 100%; height: auto; display: block; }
.chart .frame { fill: none; stroke: var(--line); } .chart .good { fill: var(--pass); } .chart .bad { fill: var(--bad); }
.chart .same { stroke: var(--soft); stroke-dasharray: 4 3; } .chart .dots { fill: none; stroke-width: 5; stroke-linecap: round; opacity: .7; }
.chart .curve { fill: none; stroke: var(--soft); } .chart .here { stroke: var(--bad); stroke-dasharray: 2 3; }
.chart .dots.good { stroke: var(--pass); } .chart .dots.bad { stroke: var(--bad); }
.chart text { font: 10px system-ui, sans-serif; fill: var(--soft); } .chart .axis { text-anchor: middle; }
.map { image-rendering: pixelated; border: 1px solid var(--line); } .maps img, .over { max-width: 100%; height: auto; }
.over .box { fill: none; stroke: #ff2d2d; stroke-width: 2; vector-effect: non-scaling-stroke; }
figure { margin: 0; min-width: 0; }
figcaption { font-weight: 600; margin: .25rem 0; }
.defs { position: absolute; }
.panes { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(24rem, 100%), 1fr)); gap: 1rem; }
.pane { height: 36rem; max-height: 80vh; overflow: auto; border: 1px solid var(--line); border-radius: 4px; cursor: grab; }
.pane.drag { cursor: grabbing; }
.net { display: block; margin: 0 auto; font: 600 11px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
.net text { fill: var(--text); text-anchor: middle; }
.net .s { font-weight: 400; }
.net rect { fill: var(--other); stroke: var(--soft); }
.net .e { fill: none; stroke: var(--soft); }
#arrow path { fill: var(--soft); }
.net .io rect { fill: var(--ground); rx: 14px; }
.net .block rect { stroke-width: 3; }
.net .weighty rect { fill: var(--weighty); } .net .act rect { fill: var(--act); } .net .norm rect { fill: var(--norm); }
.net .pool rect { fill: var(--pool); } .net .shape rect { fill: var(--shape); }
.net .fused rect { stroke-dasharray: 5 3; } .net .folded rect { fill: var(--ground); stroke-dasharray: 1 3; }
.net .marked rect { fill: var(--bad); stroke: var(--bad); } .net .marked text { fill: var(--ground); }
.net g.same rect { stroke: var(--link); stroke-width: 3; stroke-dasharray: none; }
.key { border: 1px solid var(--soft); border-radius: 4px; padding: 0 .4rem; }
.key.fused { border-style: dashed; } .key.folded { border-style: dotted; } .key.marked { background: var(--bad); color: var(--ground); border-color: var(--bad); }
pre { background: var(--raised); border: 1px solid var(--line); border-radius: 4px; padding: .6rem .8rem; overflow: auto; margin: .4rem 0; white-space: pre-wrap; }
dl { display: grid; grid-template-columns: fit-content(20rem) minmax(0, 1fr); gap: .2rem 1.5rem; }
dt { color: var(--soft); overflow-wrap: anywhere; }
dd { margin: 0; overflow-wrap: anywhere; }
[hidden] { display: none; }
@media (max-width: 40rem) { dl { display: block; } dd { margin: 0 0 .5rem; } header, main, footer { padding: 1rem .75rem; } }
@media print {
  @page { margin: 14mm 12mm; }
  :root, :root[data-theme] { --ground: #fff; --raised: #fff; --text: #000; --soft: #333; --line: #999; --link: #000; --mark: #fff;
    --weighty: #dbe7fb; --act: #fbe0dc; --norm: #d9f0de; --pool: #dff1f3; --shape: #f5ead2; --other: #e9ebee;
    --pass: #0a4a20; --bad: #8a0f1d; --warn: #5c3c00; --calm: #333; }
  body { font-size: 9pt; } .tools, .filter, .skip { display: none; } header, main, footer { max-width: none; padding: 0; }
  .scroll { max-height: none; overflow: visible; border: 0; } thead th { position: static; }
  table { font-size: 7pt; } th, td, .chart td { white-space: normal; overflow-wrap: normal; padding: .1rem .25rem; } td code, th code, .layers a { overflow-wrap: anywhere; max-width: none; }
  .wrap, .why { min-width: 0; } .chart { width: 15rem; } .bar { width: 3rem; } tr, h2, h3 { break-inside: avoid; } h2, h3 { break-after: avoid; }
  .pane { height: auto; max-height: none; overflow: visible; border: 0; } .net { max-width: 100%; max-height: 20cm; height: auto; } .panes { grid-template-columns: 1fr 1fr; break-inside: avoid; } h4, h5 { break-after: avoid; } figure { break-inside: avoid; }
  .net rect { print-color-adjust: exact; -webkit-print-color-adjust: exact; } .nets .tools { display: none; }
  .chart rect, .chart path, .map { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .bar .part { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;const eP=15e3;const eT=3e3;const eA=3e3;const eI=200;const ez=40;function reportHtml(e){const t=(0,M.md)(e.models).map((e,t)=>({model:e,id:`m${t+1}`}));const n=shares(t.map(({model:e})=>({model:e,wanted:Math.min(eT,rowsOf(e))})),eP);const o=shares(t.map(({model:e})=>({model:e,wanted:drawingsOf(e)})),ez);const s=shares(t.map(({model:e})=>({model:e,wanted:nodesOf(e)})),eA);const r=t.filter(({model:e})=>(0,M.DI)(e)).length;const a=t.map(({model:a,id:i},d)=>{const c=t.length===1||r<=3&&(0,M.DI)(a);return modelArticle({report:e,model:a,id:i,layerRows:n[d],graphNodes:Math.floor(s[d]/2),drawings:o[d]},c)});const i=h`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src '${hash(eL)}'; script-src '${hash(eB)}'; img-src data:; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${(0,M.Pl)(e,e=>e)}</title>
<style>${raw(eL)}</style>
</head>
<body>
${$}<a class="skip" href="#main">To the models</a>
<header><div><h1>${title(e)}</h1><p class="sub">${subtitle(e)}</p></div>
<div class="tools"><button type="button" id="open">Open all</button> <button type="button" id="close">Close all</button> <button type="button" id="theme" data-now="system">Theme: system</button></div></header>
<main id="main" tabindex="-1">
${overview(e,t)}
${join(a,"\n")}
${settings(e)}
</main>
<footer><p>${e.tool.name} ${e.tool.version}. Everything on this page is in report.json beside it.</p></footer>
<script>${raw(eB)}</script>
</body>
</html>
`;return i.html}function hash(e){return`sha256-${(0,a.createHash)("sha256").update(e).digest("base64")}`}function title(e){const t=[];const n=(0,M.Pl)(e,e=>`\0${t.push(e)-1}\0`);const o=n.split("\0").map((e,n)=>n%2===0?e:h`<code>${t[Number(e)]}</code>`);return join(o)}function subtitle(e){const t=(0,M.A)(e);if(e.models.length===0)return t??"";const{totals:n,timings:o}=e;const s=[(0,i.hS)(n.models,"model"),`${(0,i.Ej)(n.bytesIn)} of ONNX in`,`${(0,i.Ej)(n.bytesOut)} out`];if(o?.total!==undefined)s.push((0,i.p0)(o.total));if(t!==undefined)s.push(t);return s.join(" \xb7 ")}const rowsOf=({layers:e,keras:t})=>Math.max(e?.rows.length??0,2*(t?.rows.length??0));const drawingsOf=({checks:e})=>e.filter(e=>e.histogram!==undefined).length;function nodesOf({graphs:e}){if(e===undefined)return 0;return 2*Math.min(eI,Math.max(e.source.nodes.length,e.written?.nodes.length??0))}function shares(e,t){let n=t;return e.map(({model:t,wanted:o},s)=>{const r=Math.max(1,Math.floor(n/(e.length-s)));const a=Math.min(o,n,(0,M.DI)(t)?n:r);n-=a;return a})}function settings(e){const t=Object.entries(e.settings??{}).map(([e,t])=>[e,Array.isArray(t)?t.join(", "):String(t)]);const n=[...t,...Object.entries(e.versions??{}).map(([e,t])=>[`version of ${e}`,t])];if(n.length===0)return undefined;return h`<section aria-labelledby="settings"><h2 id="settings">Settings</h2>
<dl>${join(n.map(([e,t])=>h`<dt>${e}</dt><dd>${t===""?"–":h`<code>${t}</code>`}</dd>`))}</dl></section>`};const eC=160;function reportJson(e){return`${written(e,"")}
`}function written(e,t){const n=JSON.stringify(e);if(typeof e!=="object"||e===null||t.length+n.length<=eC)return n;const o=`${t}  `;if(Array.isArray(e)){const n=isFlat(e)?folded(e,o):e.map(e=>o+written(e??null,o));return`[
${n.join(",\n")}
${t}]`}const s=Object.entries(e).filter(([,e])=>e!==undefined);return`{
${s.map(([e,t])=>`${o}${JSON.stringify(e)}: ${written(t,o)}`).join(",\n")}
${t}}`}function isFlat(e){return e.every(e=>typeof e==="number"||Array.isArray(e)&&e.length<=2&&e.every(isNumber))}const isNumber=e=>typeof e==="number";function folded(e,t){const n=[];let o="";for(const s of e){const e=JSON.stringify(s);if(o!==""&&t.length+o.length+e.length+2>eC){n.push(t+o);o=""}o+=o===""?e:`, ${e}`}return[...n,t+o]};const eF=300;const eR=4e3;const eU=20;function junitXml(e){const t=(0,M.md)(e.models).map(e=>({model:e,cases:casesOf(e)}));const n=t.flatMap(e=>e.cases);return['<?xml version="1.0" encoding="UTF-8"?>',`<testsuites name="${(0,f._n)(e.tool.name)}" ${counts(n)} time="${seconds(e.timings?.total)}">`,...t.flatMap(({model:e,cases:t})=>suite(e,t)),"</testsuites>",""].join("\n")}function counts(e){const of=t=>e.filter(e=>e.outcome?.kind===t).length;return`tests="${e.length}" failures="${of("failure")}" errors="${of("error")}" skipped="${of("skipped")}"`}function seconds(e){return((e??0)/1e3).toFixed(3)}function suite(e,t){const n=(0,f._n)((0,f.ml)((0,M.pS)(e),eF));return[`  <testsuite name="${n}" ${counts(t)} time="${seconds(e.timings.total)}">`,...t.flatMap(e=>[`    <testcase classname="${n}" name="${(0,f._n)((0,f.ml)(e.name,eF))}" file="${n}" time="${e.time.toFixed(3)}"${inside(e)}`]),"  </testsuite>"]}function inside({outcome:e,out:t}){if(e===undefined&&t===undefined)return"/>";const{kind:n,type:o,message:s,text:r}=e??{};const a=`message="${(0,f._n)((0,f.ml)(s??"",eR))}"`;const i=n===undefined?"":n==="skipped"?`
      <skipped ${a}/>`:`
      <${n} type="${o}" ${a}>${(0,f.Dx)((0,f.ml)(r??"",eR))}</${n}>`;const d=t===undefined?"":`
      <system-out>${(0,f.Dx)((0,f.ml)(t,eR))}</system-out>`;return`>${i}${d}
    </testcase>`}function casesOf(e){const t=new Map;for(const n of(0,M.lB)(e)){const e=n.output===undefined?"all outputs":`output ${n.output}`;t.set(e,[...t.get(e)??[],n])}const n=[conversionCase(e),...[...t].map(([e,t])=>outputCase(e,t))];return(0,M.$y)(e)?n.map(t=>waivedCase(t,(0,M.Eu)(e)??"")):n}function waivedCase({outcome:e,...t},n){if(e?.kind!=="failure")return e===undefined?t:{...t,outcome:e};const o=[e.message,e.text??""].filter(e=>e!=="").join("\n");return{...t,out:o,outcome:{kind:"skipped",type:e.type,message:n}}}function conversionCase(e){const t={name:"conversion",time:(e.timings.convert??e.timings.total??0)/1e3};const n=(0,M.a0)(e.diagnostics);const o=findingLines(n,e);const s=n[0]?.message??(0,M.xJ)(e);const r=(0,M.lB)(e).some(e=>e.status==="error");if(e.status==="error"&&!r)return{...t,outcome:{kind:"error",type:"error",message:s,text:o}};if(e.status==="unsupported")return{...t,outcome:{kind:"failure",type:"unsupported",message:s,text:o}};if(e.status==="unverified")return{...t,outcome:{kind:"skipped",type:"unverified",message:(0,M.xJ)(e)}};return o===""?t:{...t,out:o}}function findingLines(e,t){const n=e.slice(0,eU).map(e=>{const n=(0,A.u)(e,t).map(({what:e,name:t})=>`${e} ${t}`).join(", ");return`${e.severity} ${e.code}: ${e.message}${n===""?"":` (${n})`}${e.remedy===""?"":`
  remedy: ${e.remedy}`}`});return junit_rest(n,e.length)}function outputCase(e,t){const n=(0,M.LI)(t);const o=junit_rest(n.slice(0,eU).map(checkLine),n.length);const s=n[0];if(s.status==="pass")return{name:e,time:0,out:o};const r=s.status==="error"?"error":"failure";return{name:e,time:0,outcome:{kind:r,type:s.status,message:s.reason??"outside tolerance",text:o}}}function checkLine(e){const t=[`${e.engine}, ${e.format}, ${e.reference.kind==="stored"?e.reference.name:"onnxruntime"}: ${e.status}`];if(e.maxAbs!==undefined)t.push(`max. absolute error ${(0,i.vP)(e.maxAbs)}, relative ${(0,i.vP)(e.maxRel)}`);if(e.used!==undefined)t.push((0,i.$K)(e.used));if(e.beyond!==undefined)t.push(`${e.beyond} of ${e.elements??0} elements beyond`);if(e.tolerance!==undefined)t.push((0,J.ve)(e.tolerance));return t.join("; ")}function junit_rest(e,t){return[...e,...t>eU?[`… and ${t-eU} more, in report.json`]:[]].join("\n")}var e_=n(63021);var eD=n(51455);const eW=`
(() => {
  const find = (id) => document.getElementById(id);
  const runtime = new URL('.', document.currentScript.src);
  const folder = document.body.dataset.model;
  const say = (text) => { find('state').textContent = text; };
  if (location.protocol === 'file:') {
    say('A browser does not let a page read the files beside it. Serve the folder that holds "report": ' + document.body.dataset.serve + ' <folder>');
    return;
  }
  const get = async (place, how) => {
    const answer = await fetch(place);
    if (!answer.ok) throw new Error(place + ' is not there (' + answer.status + ')');
    return answer[how]();
  };
  // All headers of the shards are awaited before any body is read: on few connections that could wait for ever.
  const whole = async (place, options) => {
    const answer = await fetch(place, options);
    return new Response(await answer.arrayBuffer(), { status: answer.status, headers: answer.headers });
  };
  const sizeOf = (shape) => shape.reduce((n, d) => n * d, 1);
  const typed = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };

  const randomInput = ({ tfjs: { name, dtype, shape } }) => {
    const sizes = shape.map((d) => d ?? 1);
    if (dtype === 'string') return { name, dtype, shape: sizes, data: Array.from({ length: sizeOf(sizes) }, () => 'text') };
    const data = new (typed[dtype] || Float32Array)(sizeOf(sizes));
    for (let i = 0; i < data.length; i++) data[i] = dtype === 'float32' ? Math.random() * 2 - 1 : Math.floor(Math.random() * 2);
    return { name, dtype, shape: sizes, data };
  };
  const stored = async (tensor) => ({
    ...tensor,
    data: tensor.values || new typed[tensor.dtype](await get(tensor.file, 'arrayBuffer')),
  });

  const time = (ms) => (ms < 1000 ? Math.round(ms) + ' ms' : (ms / 1000).toFixed(1) + ' s');

  const compare = (expected, actual) => {
    const { data, shape, tolerance: { rtol, atol, rangeTol } } = expected;
    if (shape.join() !== actual.shape.join()) return { verdict: 'differs', error: 'shape ' + actual.shape + ' instead of ' + shape };
    if (expected.dtype === 'string') {
      const off = data.filter((text, i) => text !== actual.data[i]).length;
      return { verdict: off === 0 ? 'agrees' : 'differs', error: off + ' of ' + data.length + ' texts' };
    }
    let [low, high, most, beyond] = [Infinity, -Infinity, 0, 0];
    for (const b of data) if (Number.isFinite(b)) { low = Math.min(low, b); high = Math.max(high, b); }
    const floor = atol + (high >= low ? rangeTol * (high - low) : 0);
    for (let i = 0; i < data.length; i++) {
      const [a, b] = [actual.data[i], data[i]];
      const difference = Math.abs(a - b);
      if (Number.isFinite(difference)) most = Math.max(most, difference);
      const isSame = Object.is(a, b) || a === b || (Number.isNaN(a) && Number.isNaN(b));
      if (!isSame && !(difference <= floor + rtol * Math.abs(b))) beyond++;
    }
    return { verdict: beyond === 0 ? 'agrees' : 'differs', error: most !== 0 && most < 0.001 ? most.toExponential(2) : String(Number(most.toPrecision(3))), beyond: beyond + ' of ' + data.length };
  };

  const best = ({ shape, data }) => {
    if (shape.length !== 2 || shape[1] < 3) return '';
    const row = [...data.slice(0, shape[1])];
    return [...row.keys()].sort((a, b) => row[b] - row[a]).slice(0, 5).map((c) => c + ' (' + row[c].toPrecision(3) + ')').join(', ');
  };
  const shown = ({ shape, data }) => {
    const first = [...data.slice(0, 6)].map((x) => (typeof x === 'number' ? Number(x.toPrecision(5)) : x));
    return '[' + shape.join(', ') + ']: ' + first.join(', ') + (data.length > 6 ? ' …' : '');
  };

  const cell = (row, text, name) => {
    const td = row.insertCell();
    td.textContent = text;
    if (name) td.className = name;
  };

  const load = async (record, url) => {
    if (record.format === 'layers-model') {
      const model = await tf.loadLayersModel(url, { fetchFunc: whole });
      return {
        model,
        run: async (feed) => {
          const given = model.predict(model.inputNames.map((name) => feed[name]));
          const all = Array.isArray(given) ? given : [given];
          return record.outputs.map((o) => all[model.outputNames.indexOf(o.tfjs.name)]);
        },
      };
    }
    const model = await tf.loadGraphModel(url, { fetchFunc: whole });
    const names = record.outputs.map((o) => o.tfjs.name);
    return {
      model,
      run: async (feed) => {
        const given = record.async ? await model.executeAsync(feed, names) : model.execute(feed, names);
        return Array.isArray(given) ? given : [given];
      },
    };
  };

  const start = async () => {
    const backend = find('backend').value;
    const results = find('results');
    results.replaceChildren();
    say('Starting ' + backend + ' …');
    tf.wasm.setWasmPaths(runtime.href);
    if (!(await tf.setBackend(backend)) || tf.getBackend() !== backend) throw new Error('this browser has no ' + backend);
    await tf.ready();
    const record = await get(folder + 'conversion.json', 'json');
    const data = await get('data.json', 'json').catch(() => undefined);
    const inputs = data ? await Promise.all(data.inputs.map(stored)) : record.inputs.map(randomInput);
    say('Loading the model …');
    const begun = performance.now();
    const { model, run } = await load(record, folder + 'model.json');
    const loaded = performance.now();
    const feed = Object.fromEntries(inputs.map(({ name, dtype, shape, data: values }) => [name, tf.tensor(values, shape, dtype)]));
    const infer = async () => {
      const from = performance.now();
      const tensors = await run(feed);
      const outputs = [];
      for (const tensor of tensors) outputs.push({ shape: tensor.shape, dtype: tensor.dtype, data: await tensor.data() });
      return { outputs, tensors, took: performance.now() - from };
    };
    say('Running …');
    await new Promise((resolve) => setTimeout(resolve));
    const first = await infer();
    const second = await infer();
    let differs = 0;
    for (const [i, row] of record.outputs.entries()) {
      const actual = second.outputs[i];
      const wanted = data && data.outputs.find((o) => o.name === row.tfjs.name);
      const expected = wanted && (await stored(wanted));
      const found = expected ? compare(expected, actual) : { verdict: 'not compared' };
      if (found.verdict === 'differs') differs++;
      const line = results.insertRow();
      const head = document.createElement('th');
      head.scope = 'row';
      head.textContent = row.onnx.name;
      line.append(head);
      cell(line, found.verdict, 'status ' + (found.verdict === 'agrees' ? 'pass' : found.verdict === 'differs' ? 'mismatch' : 'unverified'));
      cell(line, found.error ?? '–');
      cell(line, found.beyond ?? '–');
      cell(line, best(actual) || shown(actual));
      cell(line, expected ? best(expected) || shown(expected) : '–');
    }
    for (const tensor of [...Object.values(feed), ...first.tensors, ...second.tensors]) if (!tensor.isDisposed) tensor.dispose();
    model.dispose();
    say((data ? 'On the stored inputs of ' + data.reference : 'On random inputs; there are no stored ones') + ', on ' + backend + ': '
      + (data ? (differs === 0 ? 'all outputs agree' : differs + ' of ' + record.outputs.length + ' outputs differ') + '. ' : '')
      + 'Loaded in ' + time(loaded - begun) + ', first run ' + time(first.took) + ', second ' + time(second.took) + '.');
  };

  find('run').addEventListener('click', () => {
    find('run').disabled = true;
    start().catch((e) => say('It failed: ' + e.message)).finally(() => { find('run').disabled = false; });
  });
  find('run').disabled = false;
  say('Choose a backend and run.');
})();
`;var eX=n(26295);var eq=n(19914);async function writePages(e,t){const n=e.models.filter(canBeTried);if(n.length===0)return;const s=o.join(t,"report",eu.M);await (0,eD.mkdir)(s,{recursive:true});for(const[e,t]of(0,eq.Jq)())await (0,eD.writeFile)(o.join(s,e),t);await (0,eD.writeFile)(o.join(s,"page.js"),eW);await (0,eD.writeFile)(o.join(s,"page.css"),eL);for(const s of n){const n=(0,eX.A)(t,s.path);await (0,eD.mkdir)(n,{recursive:true});await (0,eD.writeFile)(o.join(n,"index.html"),tryPage(e,s))}};async function writeReports(e,t,n){const a=o.join(t,"report");const put=async(e,t)=>{await (0,r.f8)(o.join(a,e),t);return o.join(a,e)};try{await (0,r.EX)(a,t);if(n)await writePages(e,t);await put("summary.md",(0,e_.e)(e));return{reportPath:await put("report.json",reportJson(e)),htmlPath:await put("index.html",reportHtml(e)),junitPath:await put("junit.xml",junitXml(e))}}catch(n){const{code:e,message:t}=n;if(e===undefined)throw n;throw new s.j1(`the reports can't be written: ${t}`)}}},19914:(e,t,n)=>{n.d(t,{Jq:()=>browserRuntime});var o=n(73024);var s=n(76760);var r=n(73136);const a=["tfjs-core/dist/tf-core.es2017.min.js","tfjs-backend-cpu/dist/tf-backend-cpu.es2017.min.js","tfjs-backend-webgl/dist/tf-backend-webgl.es2017.min.js","tfjs-backend-webgpu/dist/tf-backend-webgpu.es2017.min.js","tfjs-backend-wasm/dist/tf-backend-wasm.es2017.min.js","tfjs-converter/dist/tf-converter.es2017.min.js","tfjs-layers/dist/tf-layers.es2017.min.js"];const i="tf-browser.js";const d=["tfjs-backend-wasm-simd.wasm"];function joinedParts(e){const t=a.map(t=>(0,o.readFileSync)((0,s.join)(e,t),"utf8").replace(/^\/\/# sourceMappingURL=.*$/gm,""));return`${t.map(e=>e.trimEnd()).join("\n;\n")}
`}function browserRuntime(e=d){const t=(0,s.dirname)((0,r.fileURLToPath)(import.meta.url));const n=(0,o.existsSync)((0,s.join)(t,i));const a=n?t:packagesAbove(t);const c=n?(0,o.readFileSync)((0,s.join)(t,i)):Buffer.from(joinedParts(a));const l=n?t:(0,s.join)(a,"tfjs-backend-wasm","dist");return new Map([["tf.js",c],...e.map(e=>[e,(0,o.readFileSync)((0,s.join)(l,e))])])}function packagesAbove(e){for(let t=e;;t=(0,s.dirname)(t)){const e=(0,s.join)(t,"node_modules","@tensorflow");if((0,o.existsSync)((0,s.join)(e,a[0])))return e;if((0,s.dirname)(t)===t)throw new Error("TensorFlow.js for browsers is neither beside the program nor in node_modules")}}}};
