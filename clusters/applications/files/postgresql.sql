-- What the demo's services find in their database (2.2.0): the catalogue that is sold, and empty books.
-- Schemas, columns and product ids are the demo's; names, texts and prices are ours.
CREATE USER otelu WITH PASSWORD 'otelp';

CREATE SCHEMA accounting;
CREATE TABLE accounting."order" (order_id TEXT PRIMARY KEY);
CREATE TABLE accounting.shipping (
    shipping_tracking_id TEXT PRIMARY KEY,
    shipping_cost_currency_code TEXT NOT NULL,
    shipping_cost_units BIGINT NOT NULL,
    shipping_cost_nanos INT NOT NULL,
    street_address TEXT,
    city TEXT,
    state TEXT,
    country TEXT,
    zip_code TEXT,
    order_id TEXT NOT NULL REFERENCES accounting."order" (order_id) ON DELETE CASCADE
);
CREATE TABLE accounting.orderitem (
    item_cost_currency_code TEXT NOT NULL,
    item_cost_units BIGINT NOT NULL,
    item_cost_nanos INT NOT NULL,
    product_id TEXT NOT NULL,
    quantity INT NOT NULL,
    order_id TEXT NOT NULL REFERENCES accounting."order" (order_id) ON DELETE CASCADE,
    PRIMARY KEY (order_id, product_id)
);
GRANT USAGE ON SCHEMA accounting TO otelu;
GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA accounting TO otelu;

CREATE SCHEMA catalog;
CREATE TABLE catalog.products (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    description TEXT,
    picture TEXT,
    price_currency_code TEXT NOT NULL,
    price_units BIGINT NOT NULL,
    price_nanos INT NOT NULL,
    categories TEXT
);
INSERT INTO catalog.products VALUES
    ('0PUK6V6EV0', 'Camera', 'Takes pictures of planets.', 'camera.jpg', 'USD', 175, 0, 'accessories,telescopes'),
    ('1YMWWN1N4O', 'Sun telescope', 'Shows the sun safely.', 'sun.jpg', 'USD', 129, 950000000, 'telescopes,travel'),
    ('2ZYFJ3GM2N', 'Binoculars', 'For birds and stars.', 'binoculars.jpg', 'USD', 209, 950000000, 'binoculars'),
    ('66VCHSJNUP', 'Guided telescope', 'Finds its way by phone.', 'guided.jpg', 'USD', 349, 950000000, 'telescopes'),
    ('6E92ZMYYFZ', 'Sun filter', 'Fits a telescope of 8 inches.', 'filter.jpg', 'USD', 69, 950000000, 'accessories'),
    ('9SIQT8TOJO', 'Tube', 'Short and fast.', 'tube.jpg', 'USD', 3599, 0, 'accessories,telescopes,assembly'),
    ('HQTGWGPNH4', 'Book of comets', 'Old and beautiful.', 'book.jpg', 'USD', 0, 990000000, 'books'),
    ('L9ECAV7KIM', 'Cleaning kit', 'Keeps lenses clear.', 'kit.jpg', 'USD', 21, 950000000, 'accessories'),
    ('LS4PSXUNUM', 'Red torch', 'Spares the eyes at night.', 'torch.jpg', 'USD', 57, 80000000, 'accessories,flashlights'),
    ('OLJCESPC7Z', 'First telescope', 'Simple and light.', 'first.jpg', 'USD', 101, 960000000, 'telescopes');
GRANT USAGE ON SCHEMA catalog TO otelu;
GRANT SELECT ON ALL TABLES IN SCHEMA catalog TO otelu;

CREATE SCHEMA reviews;
CREATE TABLE reviews.productreviews (
    id INT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    product_id VARCHAR(16) NOT NULL,
    username VARCHAR(64) NOT NULL,
    description VARCHAR(1024),
    score NUMERIC(2, 1) NOT NULL
);
CREATE INDEX productreviews_by_product ON reviews.productreviews (product_id);
INSERT INTO reviews.productreviews (product_id, username, description, score)
SELECT id, 'user' || n, 'Review ' || n || ' of ' || name, n FROM catalog.products, generate_series(1, 5) AS n;
GRANT USAGE ON SCHEMA reviews TO otelu;
GRANT SELECT ON ALL TABLES IN SCHEMA reviews TO otelu;
